-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:grant audit_actions SELECT, INSERT
-- plinth:grant audit_sessions SELECT, INSERT
-- plinth:grant audit_session_events SELECT, INSERT
-- plinth:validate SELECT c.relname || ' lacks its append-only triggers' FROM pg_catalog.pg_class c WHERE c.oid IN ($n$${schema}.audit_actions$n$::regclass, $n$${schema}.audit_sessions$n$::regclass, $n$${schema}.audit_session_events$n$::regclass) AND (SELECT count(*) FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname IN ('append_only_rows', 'append_only_table') AND g.tgenabled = 'A') < 2

-- Every table here is append only and partitioned by the month inside its UUIDv7 key: rows
-- leave with their whole partition or not at all. Partitions are made by core, never here.

CREATE FUNCTION ${schema}.audit_refuse_change() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION '% is append only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = 'Old records leave with their whole partition; a correction is a new record.';
END
$$;
COMMENT ON FUNCTION ${schema}.audit_refuse_change() IS 'Trigger function: refuses every change of an append-only table';

CREATE TABLE ${schema}.audit_actions (
  id uuid NOT NULL,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  action text NOT NULL,
  category text,
  outcome text NOT NULL,
  severity text NOT NULL,
  actor_type text NOT NULL,
  actor_id uuid,
  actor_name text,
  actor_email text,
  actor_role text,
  on_behalf_of uuid,
  resource_type text,
  resource_id text,
  resource_name text,
  session_id uuid,
  client_ip inet,
  user_agent text,
  request_id text,
  trace_id text,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  before jsonb,
  after jsonb,
  patch jsonb,
  metadata jsonb NOT NULL,
  is_cut boolean NOT NULL,
  CONSTRAINT audit_actions_pkey PRIMARY KEY (id),
  CONSTRAINT audit_actions_outcome_check CHECK (outcome IN ('success', 'failure', 'denied')),
  CONSTRAINT audit_actions_severity_check CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
  CONSTRAINT audit_actions_actor_check CHECK (
    CASE actor_type
      WHEN 'user' THEN actor_id IS NOT NULL
      WHEN 'api_key' THEN actor_id IS NOT NULL
      WHEN 'system' THEN actor_id IS NULL AND actor_name IS NOT NULL
      ELSE false
    END),
  CONSTRAINT audit_actions_resource_check CHECK ((resource_type IS NULL) = (resource_id IS NULL)),
  CONSTRAINT audit_actions_trace_id_check CHECK (trace_id ~ '^[0-9a-f]{32}$' AND trace_id <> '00000000000000000000000000000000'),
  CONSTRAINT audit_actions_metadata_check CHECK (jsonb_typeof(metadata) = 'object')
) PARTITION BY RANGE (id);
CREATE INDEX audit_actions_resource_idx ON ${schema}.audit_actions (resource_type, resource_id, id) WHERE resource_type IS NOT NULL;
CREATE INDEX audit_actions_actor_idx ON ${schema}.audit_actions (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_actions_session_idx ON ${schema}.audit_actions (session_id, id) WHERE session_id IS NOT NULL;

COMMENT ON TABLE ${schema}.audit_actions IS 'Who did what to which thing, written with the change itself; append only, partitioned by month of the id';
COMMENT ON COLUMN ${schema}.audit_actions.id IS 'UUIDv7, minted once, so that a retry of the same record is recognised; the partition key';
COMMENT ON COLUMN ${schema}.audit_actions.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.audit_actions.action IS 'What happened, such as order.created';
COMMENT ON COLUMN ${schema}.audit_actions.category IS 'A coarser kind, such as billing; null when none was given';
COMMENT ON COLUMN ${schema}.audit_actions.outcome IS 'success, failure, or denied when it was not allowed';
COMMENT ON COLUMN ${schema}.audit_actions.severity IS 'info, low, medium, high or critical';
COMMENT ON COLUMN ${schema}.audit_actions.actor_type IS 'user, api_key or system';
COMMENT ON COLUMN ${schema}.audit_actions.actor_id IS 'The user or the key; null for system. No foreign key: the trail outlives its subject';
COMMENT ON COLUMN ${schema}.audit_actions.actor_name IS 'The key''s name at the time, or the part of the system that acted';
COMMENT ON COLUMN ${schema}.audit_actions.actor_email IS 'The user''s address at the time';
COMMENT ON COLUMN ${schema}.audit_actions.actor_role IS 'The user''s role at the time';
COMMENT ON COLUMN ${schema}.audit_actions.on_behalf_of IS 'The user for whom the actor acted, when it was another';
COMMENT ON COLUMN ${schema}.audit_actions.resource_type IS 'The kind of thing it happened to; null when it happened to none';
COMMENT ON COLUMN ${schema}.audit_actions.resource_id IS 'Which one, in the host''s own terms';
COMMENT ON COLUMN ${schema}.audit_actions.resource_name IS 'What people called it at the time';
COMMENT ON COLUMN ${schema}.audit_actions.session_id IS 'The audit session it happened in; no foreign key';
COMMENT ON COLUMN ${schema}.audit_actions.client_ip IS 'The client''s address';
COMMENT ON COLUMN ${schema}.audit_actions.user_agent IS 'The client''s program, as it names itself';
COMMENT ON COLUMN ${schema}.audit_actions.request_id IS 'The host''s id of the request';
COMMENT ON COLUMN ${schema}.audit_actions.trace_id IS 'W3C trace id';
COMMENT ON COLUMN ${schema}.audit_actions.occurred_at IS 'When it happened, as the host told; the time of recording unless told';
COMMENT ON COLUMN ${schema}.audit_actions.recorded_at IS 'When it was recorded, by the database''s clock';
COMMENT ON COLUMN ${schema}.audit_actions.before IS 'The thing before; null when not given';
COMMENT ON COLUMN ${schema}.audit_actions.after IS 'The thing after; null when not given';
COMMENT ON COLUMN ${schema}.audit_actions.patch IS 'RFC 6902 patch that leads from before to after; null where none was computed';
COMMENT ON COLUMN ${schema}.audit_actions.metadata IS 'More about it, a JSON object';
COMMENT ON COLUMN ${schema}.audit_actions.is_cut IS 'True when a document was too large and was replaced by {"cut": {"bytes": n, "sha256": "…"}}';

CREATE TABLE ${schema}.audit_sessions (
  id uuid NOT NULL,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid NOT NULL,
  client_ip inet,
  user_agent text,
  opened_at timestamptz NOT NULL,
  metadata jsonb NOT NULL,
  CONSTRAINT audit_sessions_pkey PRIMARY KEY (id),
  CONSTRAINT audit_sessions_metadata_check CHECK (jsonb_typeof(metadata) = 'object')
) PARTITION BY RANGE (id);
CREATE INDEX audit_sessions_user_idx ON ${schema}.audit_sessions (user_id, id);

COMMENT ON TABLE ${schema}.audit_sessions IS 'Sessions as the trail knows them: one row when one is opened; what happens to it is appended to audit_session_events';
COMMENT ON COLUMN ${schema}.audit_sessions.id IS 'UUIDv7; actions name it as their session_id';
COMMENT ON COLUMN ${schema}.audit_sessions.tenant_id IS 'The tenant it belongs to; null in an installation without tenants';
COMMENT ON COLUMN ${schema}.audit_sessions.user_id IS 'Whose session; no foreign key: the trail outlives its subject';
COMMENT ON COLUMN ${schema}.audit_sessions.client_ip IS 'The client''s address';
COMMENT ON COLUMN ${schema}.audit_sessions.user_agent IS 'The client''s program, as it names itself';
COMMENT ON COLUMN ${schema}.audit_sessions.opened_at IS 'When it was opened, by the database''s clock';
COMMENT ON COLUMN ${schema}.audit_sessions.metadata IS 'More about it, a JSON object';

CREATE TABLE ${schema}.audit_session_events (
  id uuid NOT NULL,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  session_id uuid NOT NULL,
  event text NOT NULL,
  reason text,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT audit_session_events_pkey PRIMARY KEY (id),
  CONSTRAINT audit_session_events_event_check CHECK (event IN ('touched', 'ended'))
) PARTITION BY RANGE (id);
CREATE INDEX audit_session_events_session_idx ON ${schema}.audit_session_events (session_id, event, recorded_at);

COMMENT ON TABLE ${schema}.audit_session_events IS 'What happened to sessions after they were opened, appended; the first end is the one that counts';
COMMENT ON COLUMN ${schema}.audit_session_events.id IS 'UUIDv7; the partition key';
COMMENT ON COLUMN ${schema}.audit_session_events.tenant_id IS 'The session''s tenant';
COMMENT ON COLUMN ${schema}.audit_session_events.session_id IS 'The session; no foreign key';
COMMENT ON COLUMN ${schema}.audit_session_events.event IS 'touched, or ended';
COMMENT ON COLUMN ${schema}.audit_session_events.reason IS 'Why it ended, such as logout; null for touched';
COMMENT ON COLUMN ${schema}.audit_session_events.recorded_at IS 'When, by the database''s clock';

-- Row-level triggers reach partitions by themselves; core gives the statement-level ones to each
-- new partition. ALWAYS, so that session_replication_role = replica does not switch them off.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ${schema}.audit_actions
  FOR EACH ROW EXECUTE FUNCTION ${schema}.audit_refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ${schema}.audit_actions
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.audit_refuse_change();
ALTER TABLE ${schema}.audit_actions ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ${schema}.audit_actions ENABLE ALWAYS TRIGGER append_only_table;
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ${schema}.audit_sessions
  FOR EACH ROW EXECUTE FUNCTION ${schema}.audit_refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ${schema}.audit_sessions
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.audit_refuse_change();
ALTER TABLE ${schema}.audit_sessions ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ${schema}.audit_sessions ENABLE ALWAYS TRIGGER append_only_table;
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ${schema}.audit_session_events
  FOR EACH ROW EXECUTE FUNCTION ${schema}.audit_refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ${schema}.audit_session_events
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.audit_refuse_change();
ALTER TABLE ${schema}.audit_session_events ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ${schema}.audit_session_events ENABLE ALWAYS TRIGGER append_only_table;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('audit', 1, 'expanding');

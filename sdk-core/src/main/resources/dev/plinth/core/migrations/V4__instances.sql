-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'maintenance_tasks has a lease without a holder: ' || name FROM ${schema}.maintenance_tasks WHERE (holder IS NULL) <> (lease_until IS NULL)
-- plinth:validate SELECT 'instances has a row that ended without a reason: ' || id FROM ${schema}.instances WHERE (ended_at IS NULL) <> (end_reason IS NULL)
-- plinth:grant partitioned_tables SELECT

-- One row per incarnation of a running Plinth. The only heartbeat of the SDK writes here.
CREATE TABLE ${schema}.instances (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
  started_at timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text CHECK (end_reason IN ('stopped', 'expired')),
  metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
  CHECK (expires_at > heartbeat_at),
  CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.instances IS 'Incarnations of running nodes; one is dead when ended_at is set, expires_at has passed by the database''s clock, or its row is gone';
COMMENT ON COLUMN ${schema}.instances.id IS 'This incarnation; a node has a new one after every start';
COMMENT ON COLUMN ${schema}.instances.name IS 'What people call the node';
COMMENT ON COLUMN ${schema}.instances.started_at IS 'When it started';
COMMENT ON COLUMN ${schema}.instances.heartbeat_at IS 'Its last sign of life';
COMMENT ON COLUMN ${schema}.instances.expires_at IS 'Until when it is believed alive; every heartbeat moves it on, and none after it has passed';
COMMENT ON COLUMN ${schema}.instances.ended_at IS 'When it stopped or was declared dead; null until then, and final';
COMMENT ON COLUMN ${schema}.instances.end_reason IS 'stopped: it closed in good order; expired: its heartbeat was overdue';
COMMENT ON COLUMN ${schema}.instances.metadata IS 'For people: what runs there';

-- Heartbeats touch no indexed column, so they stay within their page (HOT).
CREATE INDEX instances_running ON ${schema}.instances (id) WHERE ended_at IS NULL;

-- Periodic tasks of the cluster and who runs them.
CREATE TABLE ${schema}.maintenance_tasks (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_.-]{0,99}$'),
  holder uuid,
  lease bigint NOT NULL DEFAULT 0 CHECK (lease >= 0),
  lease_until timestamptz,
  last_started_at timestamptz,
  last_finished_at timestamptz,
  last_error text CHECK (char_length(last_error) <= 2000),
  runs bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  CHECK ((holder IS NULL) = (lease_until IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.maintenance_tasks IS 'Periodic tasks: each runs on one node at a time, under a lease on the database''s clock';
COMMENT ON COLUMN ${schema}.maintenance_tasks.name IS 'The task';
COMMENT ON COLUMN ${schema}.maintenance_tasks.holder IS 'The instance that is running it; null when nobody is';
COMMENT ON COLUMN ${schema}.maintenance_tasks.lease IS 'Fencing number: grows by one with every run';
COMMENT ON COLUMN ${schema}.maintenance_tasks.lease_until IS 'Until when the holder may run it; renewed while it runs';
COMMENT ON COLUMN ${schema}.maintenance_tasks.last_started_at IS 'When it last began';
COMMENT ON COLUMN ${schema}.maintenance_tasks.last_finished_at IS 'When it last ended, well or not';
COMMENT ON COLUMN ${schema}.maintenance_tasks.last_error IS 'What the last run failed with; null when it went well';
COMMENT ON COLUMN ${schema}.maintenance_tasks.runs IS 'How often it ended, well or not';
COMMENT ON COLUMN ${schema}.maintenance_tasks.failures IS 'How often it failed';

-- The tables that may be given partitions. Written by the owner, when migrations run.
CREATE TABLE ${schema}.partitioned_tables (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  period text NOT NULL CHECK (period IN ('day', 'month')),
  registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ${schema}.partitioned_tables IS 'Tables partitioned by ranges of a UUIDv7, which make_partition may extend';
COMMENT ON COLUMN ${schema}.partitioned_tables.name IS 'The table''s name in this schema';
COMMENT ON COLUMN ${schema}.partitioned_tables.period IS 'How much time one partition holds, in UTC';
COMMENT ON COLUMN ${schema}.partitioned_tables.registered_at IS 'When it was registered';

-- Runs as the owner of the schema, so that an application role that owns nothing can have
-- partitions made ahead: of registered tables only, with names and bounds that it does not choose.
-- CREATE TABLE … LIKE and ATTACH lock the parent against other DDL alone; PARTITION OF would lock
-- it against everyone. The table is empty, so ATTACH has nothing to check.
CREATE FUNCTION ${schema}.make_partition(table_name text, first_day date) RETURNS boolean
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '50ms'
AS $$
DECLARE
  unit text;
  home text;
  parent regclass;
  child_name text;
  child text;
  next_day date;
  item record;
BEGIN
  SELECT t.period, quote_ident(n.nspname)
  INTO unit, home
  FROM ${schema}.partitioned_tables t
  JOIN pg_class c ON c.oid = t.tableoid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE t.name = table_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no table of that name is registered for partitions'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'run the migrations';
  END IF;
  IF first_day IS NULL
    OR date_trunc(unit, first_day::timestamp) <> first_day
    OR first_day NOT BETWEEN current_date - 20000 AND current_date + 4000
  THEN
    RAISE EXCEPTION 'the first day of a partition must be the first of a % and near the present', unit
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  next_day := first_day + ('1 ' || unit)::interval;
  child_name := table_name || '_p' || to_char(first_day, CASE unit WHEN 'day' THEN 'YYYYMMDD' ELSE 'YYYYMM' END);
  child := home || '.' || quote_ident(child_name);
  parent := home || '.' || quote_ident(table_name);

  -- One at a time for each table; readers and writers do not mind.
  EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
  IF EXISTS (
    SELECT FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent AND c.relname = child_name)
  THEN
    RETURN false;
  END IF;

  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', child, parent);
  -- ATTACH hands row-level triggers down; those of statements would be missing.
  FOR item IN
    SELECT t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) AS definition
    FROM pg_trigger t
    WHERE t.tgrelid = parent AND NOT t.tgisinternal AND t.tgtype & 1 = 0
  LOOP
    EXECUTE replace(item.definition, ' ON ' || parent::text || ' ', ' ON ' || child || ' ');
    IF item.tgenabled <> 'O' THEN
      EXECUTE format(
        'ALTER TABLE %s %s TRIGGER %I',
        child,
        CASE item.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'DISABLE' END,
        item.tgname);
    END IF;
  END LOOP;
  -- Rights that the owner hands out by default would lead around those on the parent.
  FOR item IN
    SELECT DISTINCT a.grantee
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = child::regclass AND a.grantee <> c.relowner
  LOOP
    EXECUTE format(
      'REVOKE ALL ON %s FROM %s',
      child,
      CASE item.grantee WHEN 0 THEN 'PUBLIC' ELSE item.grantee::regrole::text END);
  END LOOP;
  -- Reached by its own name, a partition shows nothing where its parent has policies.
  IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = parent) THEN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', child);
  END IF;
  EXECUTE format(
    'ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
    parent,
    child,
    rpad(lpad(to_hex((extract(epoch FROM first_day) * 1000)::bigint), 12, '0'), 32, '0')::uuid,
    rpad(lpad(to_hex((extract(epoch FROM next_day) * 1000)::bigint), 12, '0'), 32, '0')::uuid);
  RETURN true;
END
$$;
COMMENT ON FUNCTION ${schema}.make_partition(text, date) IS 'Makes the partition of a registered table that begins on the given day, in UTC; false when it is there';
REVOKE ALL ON FUNCTION ${schema}.make_partition(text, date) FROM PUBLIC;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 4, 'expanding');

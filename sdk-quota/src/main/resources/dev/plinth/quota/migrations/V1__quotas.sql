-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'quota lacks ' || t.name FROM (VALUES ('user_usage'), ('quota_overrides'), ('quota_violations'), ('user_quotas')) AS t (name) WHERE pg_catalog.to_regclass($n$${schema}.$n$ || t.name) IS NULL

-- What each user has used of each limit. Amounts are whole millionths of the limit's unit, so that
-- a byte of storage_mb and a microsecond of cpu_seconds are exact.
--
-- A charge locks the rows of the limits it names, in the order of their names, and changes nothing
-- that an index covers: with the free space that the fillfactor leaves, updates stay HOT.
CREATE TABLE ${schema}.user_usage (
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  limit_name text COLLATE "C" NOT NULL CHECK (limit_name ~ '^[a-z][a-z0-9_]{0,62}$'),
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
  cap bigint NOT NULL CHECK (cap >= 0),
  cap_overridden boolean NOT NULL DEFAULT false,
  cap_version integer NOT NULL DEFAULT 0 CHECK (cap_version >= 0),
  window_start timestamptz,
  window_end timestamptz,
  last_charged_at timestamptz,
  PRIMARY KEY (user_id, limit_name),
  CHECK ((window_start IS NULL) = (window_end IS NULL)),
  CHECK (window_start < window_end)
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.user_usage IS 'What each user has used of each limit, in millionths of the limit''s unit; one row per user and limit, made by the first charge';
COMMENT ON COLUMN ${schema}.user_usage.user_id IS 'Whose usage';
COMMENT ON COLUMN ${schema}.user_usage.limit_name IS 'Of which limit';
COMMENT ON COLUMN ${schema}.user_usage.tenant_id IS 'The tenant of the user; null where there are no tenants';
COMMENT ON COLUMN ${schema}.user_usage.used IS 'Charged and not given back, in the window below or, for a gauge, at present; millionths of the unit';
COMMENT ON COLUMN ${schema}.user_usage.held IS 'Set aside and not yet settled; counts against the cap like what is used; millionths of the unit';
COMMENT ON COLUMN ${schema}.user_usage.cap IS 'The most that used and held may come to: the user''s own when cap_overridden, else the catalogue''s at the last charge; millionths of the unit';
COMMENT ON COLUMN ${schema}.user_usage.cap_overridden IS 'True when the user has a cap of their own; its versions stand in quota_overrides';
COMMENT ON COLUMN ${schema}.user_usage.cap_version IS 'The version in quota_overrides that is in force; 0 when there never was one';
COMMENT ON COLUMN ${schema}.user_usage.window_start IS 'Start of the window that used counts in; null for a gauge';
COMMENT ON COLUMN ${schema}.user_usage.window_end IS 'End of that window: from then on used counts as zero';
COMMENT ON COLUMN ${schema}.user_usage.last_charged_at IS 'When used last changed';

-- Every cap that a user was given, as history; the one in force also stands in user_usage.cap,
-- where a charge reads it under its lock.
CREATE TABLE ${schema}.quota_overrides (
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  limit_name text COLLATE "C" NOT NULL CHECK (limit_name ~ '^[a-z][a-z0-9_]{0,62}$'),
  version integer NOT NULL CHECK (version > 0),
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  cap bigint CHECK (cap >= 0),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, limit_name, version)
);
COMMENT ON TABLE ${schema}.quota_overrides IS 'Versions of the caps that users were given in place of the catalogue''s; the highest version is in force';
COMMENT ON COLUMN ${schema}.quota_overrides.user_id IS 'Whose cap';
COMMENT ON COLUMN ${schema}.quota_overrides.limit_name IS 'Of which limit';
COMMENT ON COLUMN ${schema}.quota_overrides.version IS 'Counts from 1 per user and limit';
COMMENT ON COLUMN ${schema}.quota_overrides.tenant_id IS 'The tenant of the user; null where there are no tenants';
COMMENT ON COLUMN ${schema}.quota_overrides.cap IS 'The cap in millionths of the limit''s unit; null when the user went back to the catalogue''s';
COMMENT ON COLUMN ${schema}.quota_overrides.created_at IS 'From when it was in force';

-- Refusals, folded: a client that hammers adds to a count, not rows.
CREATE TABLE ${schema}.quota_violations (
  user_id uuid NOT NULL REFERENCES ${schema}.users (id) ON DELETE CASCADE,
  minute timestamptz NOT NULL,
  limit_name text COLLATE "C" NOT NULL,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  denials bigint NOT NULL DEFAULT 1 CHECK (denials > 0),
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  details jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object'),
  PRIMARY KEY (user_id, minute, limit_name)
) WITH (fillfactor = 70);
COMMENT ON TABLE ${schema}.quota_violations IS 'Denied charges: one row per user, limit and minute, with a count';
COMMENT ON COLUMN ${schema}.quota_violations.user_id IS 'Who was denied';
COMMENT ON COLUMN ${schema}.quota_violations.minute IS 'The minute, by the database''s clock';
COMMENT ON COLUMN ${schema}.quota_violations.limit_name IS 'The limit that did not allow it';
COMMENT ON COLUMN ${schema}.quota_violations.tenant_id IS 'The tenant of the user; null where there are no tenants';
COMMENT ON COLUMN ${schema}.quota_violations.denials IS 'How many charges were denied in that minute';
COMMENT ON COLUMN ${schema}.quota_violations.first_at IS 'When the first was';
COMMENT ON COLUMN ${schema}.quota_violations.last_at IS 'When the last was';
COMMENT ON COLUMN ${schema}.quota_violations.details IS 'About the last one, in the limit''s unit: used, held, cap, requested, resets_at';

-- The limits of the default catalogue under the column names of the accounts they came from. In
-- the limits' own units; caps are null until the first charge or cap of one's own.
CREATE VIEW ${schema}.user_quotas AS
SELECT
  s.id AS user_id,
  s.tenant_id,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'files') / 1e6) AS quota_files,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'files') / 1e6) AS used_files,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'cpu_seconds') / 1e6) AS quota_cpu_seconds,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'cpu_seconds') / 1e6) AS used_cpu_seconds,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'memory_mb') / 1e6) AS quota_memory_mb,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'memory_mb') / 1e6) AS used_memory_mb,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'req_hour') / 1e6) AS quota_req_hour,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'req_hour') / 1e6) AS used_req_hour,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'req_day') / 1e6) AS quota_req_day,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'req_day') / 1e6) AS used_req_day,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'storage_mb') / 1e6) AS quota_storage_mb,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'storage_mb') / 1e6) AS used_storage_mb,
  trim_scale(max(u.cap) FILTER (WHERE u.limit_name = 'files_max') / 1e6) AS quota_files_max,
  trim_scale(max(u.live) FILTER (WHERE u.limit_name = 'files_max') / 1e6) AS used_files_max
FROM ${schema}.users s
LEFT JOIN (
  SELECT
    user_id,
    limit_name,
    cap,
    CASE WHEN window_end <= statement_timestamp() THEN 0 ELSE used END AS live
  FROM ${schema}.user_usage
) u ON u.user_id = s.id
-- A view reads as its owner, whom policies do not bind: it asks what they would ask.
WHERE NOT row_security_active(s.tableoid)
  OR s.tenant_id = nullif(current_setting('plinth.tenant', true), '')
  OR current_setting('plinth.all_tenants', true) = 'on'
GROUP BY s.id, s.tenant_id;
COMMENT ON VIEW ${schema}.user_quotas IS 'The seven limits of the default catalogue per user, with what is used of them, in the limits'' units';
COMMENT ON COLUMN ${schema}.user_quotas.user_id IS 'The user';
COMMENT ON COLUMN ${schema}.user_quotas.tenant_id IS 'The tenant of the user';
COMMENT ON COLUMN ${schema}.user_quotas.quota_files IS 'Cap on files taken in per calendar month';
COMMENT ON COLUMN ${schema}.user_quotas.used_files IS 'Files taken in this month';
COMMENT ON COLUMN ${schema}.user_quotas.quota_cpu_seconds IS 'Cap on seconds of processor time per calendar month';
COMMENT ON COLUMN ${schema}.user_quotas.used_cpu_seconds IS 'Seconds of processor time this month';
COMMENT ON COLUMN ${schema}.user_quotas.quota_memory_mb IS 'Cap on memory held at one time';
COMMENT ON COLUMN ${schema}.user_quotas.used_memory_mb IS 'Memory held now, over all that runs';
COMMENT ON COLUMN ${schema}.user_quotas.quota_req_hour IS 'Cap on requests per hour';
COMMENT ON COLUMN ${schema}.user_quotas.used_req_hour IS 'Requests in this hour';
COMMENT ON COLUMN ${schema}.user_quotas.quota_req_day IS 'Cap on requests per day';
COMMENT ON COLUMN ${schema}.user_quotas.used_req_day IS 'Requests on this day';
COMMENT ON COLUMN ${schema}.user_quotas.quota_storage_mb IS 'Cap on megabytes kept';
COMMENT ON COLUMN ${schema}.user_quotas.used_storage_mb IS 'Megabytes kept now';
COMMENT ON COLUMN ${schema}.user_quotas.quota_files_max IS 'Cap on files kept at one time';
COMMENT ON COLUMN ${schema}.user_quotas.used_files_max IS 'Files kept now';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('quota', 1, 'expanding');

-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'job_schedules has no index job_schedules_next_run_at_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = pg_catalog.to_regclass($n$${schema}.job_schedules$n$) AND x.indisvalid AND c.relname = 'job_schedules_next_run_at_idx')

-- When jobs are enqueued by the clock. A row is locked by whoever fires it, and moved on in the
-- transaction that enqueues.
CREATE TABLE ${schema}.job_schedules (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  kind text NOT NULL CHECK (kind IN ('cron', 'interval', 'window')),
  expression text CHECK (length(expression) BETWEEN 1 AND 255),
  zone text CHECK (length(zone) BETWEEN 1 AND 100),
  interval_ms bigint CHECK (interval_ms BETWEEN 1000 AND 316224000000),
  start_time text CHECK (start_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  end_time text CHECK (end_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  days_of_week integer[] CHECK (pg_catalog.cardinality(days_of_week) BETWEEN 1 AND 7 AND days_of_week <@ ARRAY[1, 2, 3, 4, 5, 6, 7]),
  target_instances integer CHECK (target_instances >= 0),
  target jsonb,
  node_id uuid,
  is_active boolean NOT NULL DEFAULT true,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
  job_version integer NOT NULL CHECK (job_version > 0),
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 100),
  priority smallint NOT NULL CHECK (priority BETWEEN -100 AND 100),
  args jsonb,
  max_attempts integer NOT NULL CHECK (max_attempts > 0),
  user_id uuid REFERENCES ${schema}.users (id) ON DELETE RESTRICT,
  missed text NOT NULL CHECK (missed IN ('skip', 'one', 'up_to')),
  missed_limit integer CHECK (missed_limit BETWEEN 1 AND 1000),
  overlap text NOT NULL CHECK (overlap IN ('allow', 'skip', 'buffer_one')),
  next_run_at timestamptz,
  buffered_at timestamptz,
  last_run_at timestamptz,
  last_job_id uuid,
  last_skipped_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
  CONSTRAINT job_schedules_timing_check CHECK (
    CASE kind
      WHEN 'cron' THEN num_nonnulls(expression, zone) = 2
        AND num_nonnulls(interval_ms, start_time, end_time, days_of_week, target_instances, target) = 0
      WHEN 'interval' THEN interval_ms IS NOT NULL
        AND num_nonnulls(expression, zone, start_time, end_time, days_of_week, target_instances, target) = 0
      ELSE num_nonnulls(zone, start_time, end_time, days_of_week) = 4 AND start_time <> end_time
        AND num_nonnulls(expression, interval_ms) = 0
    END),
  CONSTRAINT job_schedules_limit_check CHECK ((missed = 'up_to') = (missed_limit IS NOT NULL)),
  CONSTRAINT job_schedules_state_check CHECK (is_active = (next_run_at IS NOT NULL) AND (is_active OR buffered_at IS NULL))
);
CREATE UNIQUE INDEX job_schedules_name_key ON ${schema}.job_schedules (coalesce(tenant_id, ''), name);
CREATE INDEX job_schedules_next_run_at_idx ON ${schema}.job_schedules (next_run_at) WHERE is_active;
CREATE INDEX job_schedules_buffered_at_idx ON ${schema}.job_schedules (buffered_at) WHERE buffered_at IS NOT NULL;
CREATE INDEX job_schedules_user_id_idx ON ${schema}.job_schedules (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX job_schedules_node_id_idx ON ${schema}.job_schedules (node_id) WHERE node_id IS NOT NULL;
COMMENT ON TABLE ${schema}.job_schedules IS 'Jobs that are enqueued by the clock: at the times of a cron expression, at intervals, or when daily windows begin and end';
COMMENT ON COLUMN ${schema}.job_schedules.id IS 'UUIDv7 of the schedule';
COMMENT ON COLUMN ${schema}.job_schedules.tenant_id IS 'Tenant it belongs to, or null';
COMMENT ON COLUMN ${schema}.job_schedules.name IS 'Name by which hosts put and find it; unique within the tenant';
COMMENT ON COLUMN ${schema}.job_schedules.kind IS 'cron: expression and zone; interval: interval_ms; window: start_time, end_time, days_of_week and zone';
COMMENT ON COLUMN ${schema}.job_schedules.expression IS 'Cron expression: minute, hour, day of month, month, day of week';
COMMENT ON COLUMN ${schema}.job_schedules.zone IS 'Time zone that the local times are in, such as Europe/Berlin';
COMMENT ON COLUMN ${schema}.job_schedules.interval_ms IS 'Milliseconds between two due times';
COMMENT ON COLUMN ${schema}.job_schedules.start_time IS 'Local time at which the window begins, HH:MM';
COMMENT ON COLUMN ${schema}.job_schedules.end_time IS 'Local time at which the window ends, HH:MM; on the next day if it is earlier than start_time';
COMMENT ON COLUMN ${schema}.job_schedules.days_of_week IS 'Days on which the window begins, 1 for Monday to 7 for Sunday';
COMMENT ON COLUMN ${schema}.job_schedules.target_instances IS 'How many instances are wanted during the window, or null';
COMMENT ON COLUMN ${schema}.job_schedules.target IS 'What else is wanted during the window, in the host''s words, or null';
COMMENT ON COLUMN ${schema}.job_schedules.node_id IS 'Node that it is about, or null; no foreign key';
COMMENT ON COLUMN ${schema}.job_schedules.is_active IS 'False while it is paused';
COMMENT ON COLUMN ${schema}.job_schedules.type IS 'Type of the jobs it enqueues';
COMMENT ON COLUMN ${schema}.job_schedules.job_version IS 'Version of the type that args were written for';
COMMENT ON COLUMN ${schema}.job_schedules.queue IS 'Queue of the jobs';
COMMENT ON COLUMN ${schema}.job_schedules.priority IS 'Priority of the jobs';
COMMENT ON COLUMN ${schema}.job_schedules.args IS 'What the handler is given; null: the occurrence, with its due time and edge';
COMMENT ON COLUMN ${schema}.job_schedules.max_attempts IS 'Attempts of each job';
COMMENT ON COLUMN ${schema}.job_schedules.user_id IS 'User who owns the schedule and its jobs, or null';
COMMENT ON COLUMN ${schema}.job_schedules.missed IS 'What becomes of due times that nobody fired in time. skip: nothing; one: the latest runs; up_to: the latest missed_limit run';
COMMENT ON COLUMN ${schema}.job_schedules.missed_limit IS 'How many due times run at most at one firing, with up_to';
COMMENT ON COLUMN ${schema}.job_schedules.overlap IS 'What becomes of a due time while the last job has not ended. allow: it runs; skip: it does not; buffer_one: the latest such one runs once the job has ended';
COMMENT ON COLUMN ${schema}.job_schedules.next_run_at IS 'Due time that is fired next; null while it is paused';
COMMENT ON COLUMN ${schema}.job_schedules.buffered_at IS 'Due time that waits for the end of the last job, or null';
COMMENT ON COLUMN ${schema}.job_schedules.last_run_at IS 'Due time of the last job, or when it was triggered by hand; or null';
COMMENT ON COLUMN ${schema}.job_schedules.last_job_id IS 'The last job it enqueued, or null; no foreign key, so that partitions can be dropped';
COMMENT ON COLUMN ${schema}.job_schedules.last_skipped_at IS 'Latest due time that was let go because the last job had not ended, or null';
COMMENT ON COLUMN ${schema}.job_schedules.created_at IS 'When it was created';
COMMENT ON COLUMN ${schema}.job_schedules.updated_at IS 'When it was last changed; firing changes nothing in this sense';
COMMENT ON COLUMN ${schema}.job_schedules.version IS 'Goes up with every such change';

-- Firing is no change in this sense, and leaves the version as it is.
CREATE TRIGGER job_schedules_updated_at
  BEFORE UPDATE ON ${schema}.job_schedules
  FOR EACH ROW
  WHEN (OLD.version IS DISTINCT FROM NEW.version)
  EXECUTE FUNCTION ${schema}.update_updated_at_column();

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 3, 'expanding');

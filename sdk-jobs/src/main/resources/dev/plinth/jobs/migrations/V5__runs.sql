-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'job_edges has no index job_edges_parent_id_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.job_edges$n$::regclass AND x.indisvalid AND c.relname = 'job_edges_parent_id_idx')

-- The steps of runs. Goes with its job's partition.
CREATE TABLE ${schema}.job_steps (
  job_id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  label text CHECK (length(label) BETWEEN 1 AND 255),
  type text CHECK (length(type) BETWEEN 1 AND 100),
  status text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
  epoch integer NOT NULL CHECK (epoch > 0),
  attempt integer NOT NULL CHECK (attempt > 0),
  retries integer NOT NULL DEFAULT 0 CHECK (retries >= 0),
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz NOT NULL,
  started_at timestamptz NOT NULL,
  completed_at timestamptz,
  PRIMARY KEY (job_id, name),
  CHECK ((status = 'running') = (completed_at IS NULL))
) PARTITION BY RANGE (job_id);
COMMENT ON TABLE ${schema}.job_steps IS 'Named steps of runs; a completed one is not run again';
COMMENT ON COLUMN ${schema}.job_steps.job_id IS 'The job; partition key';
COMMENT ON COLUMN ${schema}.job_steps.name IS 'Name of the step, once in a run';
COMMENT ON COLUMN ${schema}.job_steps.label IS 'Name for people, or null';
COMMENT ON COLUMN ${schema}.job_steps.type IS 'Kind of step in the host''s words, or null';
COMMENT ON COLUMN ${schema}.job_steps.status IS 'running: begun, and interrupted if the claim of its epoch is gone; completed: for good; failed: it is run again by the next attempt that comes to it';
COMMENT ON COLUMN ${schema}.job_steps.epoch IS 'Claim under which it was last begun';
COMMENT ON COLUMN ${schema}.job_steps.attempt IS 'Attempt at the job in which it was last begun';
COMMENT ON COLUMN ${schema}.job_steps.retries IS 'How often it was begun again';
COMMENT ON COLUMN ${schema}.job_steps.input IS 'What it was given, or null where the host did not say';
COMMENT ON COLUMN ${schema}.job_steps.output IS 'What it returned, or null';
COMMENT ON COLUMN ${schema}.job_steps.error IS 'Its last error, cut to a bound, or null';
COMMENT ON COLUMN ${schema}.job_steps.created_at IS 'When it was begun for the first time';
COMMENT ON COLUMN ${schema}.job_steps.started_at IS 'When it was last begun';
COMMENT ON COLUMN ${schema}.job_steps.completed_at IS 'When it ended, well or not; null while it runs';

-- Jobs that are there already may take steps, too.
DO $$
DECLARE
  first_day date;
BEGIN
  FOR first_day IN
    SELECT pg_catalog.to_timestamp(
             ('x' || pg_catalog.lpad(pg_catalog.replace(b.lower, '-', ''), 16, '0'))::bit(64)::bigint / 1000.0
           ) AT TIME ZONE 'UTC'
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (
      SELECT pg_catalog.substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([0-9a-f]{8}-[0-9a-f]{4})') AS lower
    ) b
    WHERE i.inhparent = '${schema}.computational_jobs'::regclass
      AND b.lower IS NOT NULL
  LOOP
    PERFORM ${schema}.make_partition('job_steps', first_day);
  END LOOP;
END
$$;

-- The fourth place of a pending job: it waits for others to end. A row knows all that its job needs to
-- become ready.
CREATE TABLE ${schema}.job_waiting (
  job_id uuid PRIMARY KEY,
  queue text NOT NULL,
  priority smallint NOT NULL,
  type text NOT NULL,
  job_version integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 1,
  group_id bigint,
  run_at timestamptz,
  waiting_since timestamptz NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE ${schema}.job_waiting IS 'Jobs that wait for others to end: those that job_edges names as their parents';
COMMENT ON COLUMN ${schema}.job_waiting.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_waiting.queue IS 'Queue it will wait in';
COMMENT ON COLUMN ${schema}.job_waiting.priority IS 'Higher runs sooner';
COMMENT ON COLUMN ${schema}.job_waiting.type IS 'Its type';
COMMENT ON COLUMN ${schema}.job_waiting.job_version IS 'Version of its type';
COMMENT ON COLUMN ${schema}.job_waiting.epoch IS 'Claims so far';
COMMENT ON COLUMN ${schema}.job_waiting.attempt IS 'Number the next attempt will have';
COMMENT ON COLUMN ${schema}.job_waiting.group_id IS 'The group whose limits will count it, or null where no limit does';
COMMENT ON COLUMN ${schema}.job_waiting.run_at IS 'Not before, also when nothing is left to wait for; null: at once';
COMMENT ON COLUMN ${schema}.job_waiting.waiting_since IS 'When it began to wait';
COMMENT ON COLUMN ${schema}.job_waiting.xid IS 'The transaction that put it here';

-- An edge is deleted when it holds its job no longer, so that a fan-in touches each of its edges once.
CREATE TABLE ${schema}.job_edges (
  job_id uuid NOT NULL,
  parent_id uuid NOT NULL,
  on_failure text NOT NULL CHECK (on_failure IN ('cancel', 'run', 'hold')),
  PRIMARY KEY (job_id, parent_id)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX job_edges_parent_id_idx ON ${schema}.job_edges (parent_id);
COMMENT ON TABLE ${schema}.job_edges IS 'What the jobs in job_waiting still wait for. Written with the waiting job, deleted one by one under the lock of its row';
COMMENT ON COLUMN ${schema}.job_edges.job_id IS 'The job that waits';
COMMENT ON COLUMN ${schema}.job_edges.parent_id IS 'The job that must end first; no foreign key, so that partitions can be dropped';
COMMENT ON COLUMN ${schema}.job_edges.on_failure IS 'If the parent does not complete: cancel the job; run it all the same; hold it until the parent was retried and completes';

-- Appended by those who end a job that others wait for, and by those who make a job wait for one that
-- may be ending. Only a hint: a slower look at job_edges finds what was missed.
CREATE TABLE ${schema}.job_signals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id uuid NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX job_signals_xid_idx ON ${schema}.job_signals (xid);
COMMENT ON TABLE ${schema}.job_signals IS 'Jobs whose edges should be looked at, in either direction';
COMMENT ON COLUMN ${schema}.job_signals.id IS 'Order of appending';
COMMENT ON COLUMN ${schema}.job_signals.job_id IS 'A parent that has ended, or a job that was made to wait';
COMMENT ON COLUMN ${schema}.job_signals.xid IS 'The transaction that appended it';

COMMENT ON TABLE ${schema}.computational_jobs IS 'The record of every job; where a pending one stands is told by job_ready, job_delayed, job_leases and job_waiting';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 5, 'expanding');

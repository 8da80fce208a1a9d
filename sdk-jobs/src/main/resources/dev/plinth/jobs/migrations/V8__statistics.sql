-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'job_count_deltas has no index job_count_deltas_xid_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.job_count_deltas$n$::regclass AND x.indisvalid AND c.relname = 'job_count_deltas_xid_idx')

-- What the statements that end attempts have counted, in the same transaction. Appended by everyone,
-- deleted by the fold: no counter is hot, and none is ever made by looking at jobs.
CREATE TABLE ${schema}.job_count_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  ended_at timestamptz NOT NULL,
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 100),
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
  outcome text NOT NULL CHECK (outcome IN ('completed', 'failed', 'cancelled', 'retried', 'lost', 'snoozed')),
  run_class smallint NOT NULL CHECK (run_class BETWEEN 0 AND 12),
  attempts bigint NOT NULL CHECK (attempts > 0),
  run_ms bigint NOT NULL CHECK (run_ms >= 0),
  run_ms_max bigint NOT NULL CHECK (run_ms_max >= 0),
  waits bigint NOT NULL CHECK (waits >= 0),
  wait_ms bigint NOT NULL CHECK (wait_ms >= 0),
  wait_ms_max bigint NOT NULL CHECK (wait_ms_max >= 0)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX job_count_deltas_xid_idx ON ${schema}.job_count_deltas (xid);
COMMENT ON TABLE ${schema}.job_count_deltas IS 'Attempts counted as they ended, and not folded into job_statistics yet; the two together are exact';
COMMENT ON COLUMN ${schema}.job_count_deltas.id IS 'Order of appending';
COMMENT ON COLUMN ${schema}.job_count_deltas.xid IS 'The transaction that ended them';
COMMENT ON COLUMN ${schema}.job_count_deltas.ended_at IS 'When they ended';
COMMENT ON COLUMN ${schema}.job_count_deltas.queue IS 'Queue they came from';
COMMENT ON COLUMN ${schema}.job_count_deltas.type IS 'Their type';
COMMENT ON COLUMN ${schema}.job_count_deltas.outcome IS 'completed, failed, cancelled: the job ended so; retried, lost, snoozed: another attempt follows';
COMMENT ON COLUMN ${schema}.job_count_deltas.run_class IS 'How long they ran, from claim to end: below 10 ms, 30, 100, 300 and so on up to 3,000 s; 12 is longer';
COMMENT ON COLUMN ${schema}.job_count_deltas.attempts IS 'How many';
COMMENT ON COLUMN ${schema}.job_count_deltas.run_ms IS 'Milliseconds from claim to end, summed';
COMMENT ON COLUMN ${schema}.job_count_deltas.run_ms_max IS 'The longest of them';
COMMENT ON COLUMN ${schema}.job_count_deltas.waits IS 'First attempts among them, of which it is known how long they waited';
COMMENT ON COLUMN ${schema}.job_count_deltas.wait_ms IS 'Milliseconds from when those were due until they were claimed, summed';
COMMENT ON COLUMN ${schema}.job_count_deltas.wait_ms_max IS 'The longest of them';

CREATE TABLE ${schema}.job_statistics (
  span text NOT NULL CHECK (span IN ('minute', 'hour')),
  begins_at timestamptz NOT NULL,
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 100),
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
  outcome text NOT NULL CHECK (outcome IN ('completed', 'failed', 'cancelled', 'retried', 'lost', 'snoozed')),
  run_class smallint NOT NULL CHECK (run_class BETWEEN 0 AND 12),
  attempts bigint NOT NULL CHECK (attempts > 0),
  run_ms bigint NOT NULL CHECK (run_ms >= 0),
  run_ms_max bigint NOT NULL CHECK (run_ms_max >= 0),
  waits bigint NOT NULL CHECK (waits >= 0),
  wait_ms bigint NOT NULL CHECK (wait_ms >= 0),
  wait_ms_max bigint NOT NULL CHECK (wait_ms_max >= 0),
  PRIMARY KEY (span, begins_at, queue, type, outcome, run_class)
) WITH (fillfactor = 70);
COMMENT ON TABLE ${schema}.job_statistics IS 'Attempts by queue, type, outcome and how long they ran, counted by the minute (kept for some hours) and by the hour (kept for a year); both hold the same attempts';
COMMENT ON COLUMN ${schema}.job_statistics.span IS 'minute or hour';
COMMENT ON COLUMN ${schema}.job_statistics.begins_at IS 'When the minute or hour begins, in UTC, by the database''s clock';
COMMENT ON COLUMN ${schema}.job_statistics.queue IS 'Queue they came from';
COMMENT ON COLUMN ${schema}.job_statistics.type IS 'Their type';
COMMENT ON COLUMN ${schema}.job_statistics.outcome IS 'As in job_count_deltas';
COMMENT ON COLUMN ${schema}.job_statistics.run_class IS 'As in job_count_deltas';
COMMENT ON COLUMN ${schema}.job_statistics.attempts IS 'How many, as folded so far';
COMMENT ON COLUMN ${schema}.job_statistics.run_ms IS 'Milliseconds from claim to end, summed';
COMMENT ON COLUMN ${schema}.job_statistics.run_ms_max IS 'The longest of them';
COMMENT ON COLUMN ${schema}.job_statistics.waits IS 'First attempts among them, of which it is known how long they waited';
COMMENT ON COLUMN ${schema}.job_statistics.wait_ms IS 'Milliseconds from when those were due until they were claimed, summed';
COMMENT ON COLUMN ${schema}.job_statistics.wait_ms_max IS 'The longest of them';

-- How far something has come that one node at a time does, under the row's lock.
CREATE TABLE ${schema}.job_marks (
  name text PRIMARY KEY CHECK (name IN ('counted', 'removed', 'closed')),
  seen pg_snapshot,
  at timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.job_marks IS 'How far the folding of statistics and the removal of old jobs have come';
COMMENT ON COLUMN ${schema}.job_marks.name IS 'counted: deltas that "seen" sees are folded; removed: jobs that ended before "at" may be gone; closed: jobs made before "at" are not to be revived, since their partition is about to be dropped';
COMMENT ON COLUMN ${schema}.job_marks.seen IS 'A snapshot, or null for none yet';
COMMENT ON COLUMN ${schema}.job_marks.at IS 'A time, or null for none yet';
INSERT INTO ${schema}.job_marks (name) VALUES ('counted'), ('removed'), ('closed');

-- What the running dispatchers take, so that it can be told why a job is not taken.
CREATE TABLE ${schema}.job_handlers (
  claimer uuid PRIMARY KEY,
  instance_id uuid NOT NULL,
  queues text[] NOT NULL,
  types text[] NOT NULL,
  versions integer[] NOT NULL,
  workers integer NOT NULL CHECK (workers > 0),
  registered_at timestamptz NOT NULL,
  CHECK (cardinality(types) = cardinality(versions))
);
COMMENT ON TABLE ${schema}.job_handlers IS 'Dispatchers at work, and what they take';
COMMENT ON COLUMN ${schema}.job_handlers.claimer IS 'The dispatcher within its instance';
COMMENT ON COLUMN ${schema}.job_handlers.instance_id IS 'The instance; no foreign key. What it takes counts only while it lives';
COMMENT ON COLUMN ${schema}.job_handlers.queues IS 'Queues it claims from';
COMMENT ON COLUMN ${schema}.job_handlers.types IS 'Types it has handlers for';
COMMENT ON COLUMN ${schema}.job_handlers.versions IS 'Up to which version, one for each type';
COMMENT ON COLUMN ${schema}.job_handlers.workers IS 'How many jobs it runs at a time';
COMMENT ON COLUMN ${schema}.job_handlers.registered_at IS 'When it began under this instance';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 8, 'expanding');

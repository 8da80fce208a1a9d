-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'schema_changes lacks jobs 1' WHERE NOT EXISTS (SELECT FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 1)

-- Batches. Counters are only ever written by the fold, under the row's lock.
CREATE TABLE ${schema}.batch_job_collections (
  id uuid PRIMARY KEY,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid REFERENCES ${schema}.users (id) ON DELETE RESTRICT,
  collection_name text NOT NULL CHECK (length(collection_name) BETWEEN 1 AND 255),
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'sealed', 'completed', 'failed')),
  total_jobs bigint NOT NULL DEFAULT 0 CHECK (total_jobs >= 0),
  completed_jobs bigint NOT NULL DEFAULT 0 CHECK (completed_jobs >= 0),
  failed_jobs bigint NOT NULL DEFAULT 0 CHECK (failed_jobs >= 0),
  callback jsonb,
  callback_job_id uuid,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  sealed_at timestamptz,
  completed_at timestamptz,
  CHECK ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX batch_job_collections_user_id_id_idx ON ${schema}.batch_job_collections (user_id, id) WHERE user_id IS NOT NULL;
COMMENT ON TABLE ${schema}.batch_job_collections IS 'Jobs that belong together, with counters that the fold brings up to date from batch_deltas';
COMMENT ON COLUMN ${schema}.batch_job_collections.id IS 'UUIDv7 of the batch';
COMMENT ON COLUMN ${schema}.batch_job_collections.tenant_id IS 'Tenant it belongs to, or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.user_id IS 'User who owns it, or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.collection_name IS 'Name for people; need not be unique';
COMMENT ON COLUMN ${schema}.batch_job_collections.status IS 'open: takes jobs; sealed: takes no more; completed: every job ended well; failed: every job ended, at least one of them failed';
COMMENT ON COLUMN ${schema}.batch_job_collections.total_jobs IS 'Jobs added, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.completed_jobs IS 'Jobs that ended well, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.failed_jobs IS 'Jobs that ended in failure, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.callback IS 'Job to enqueue when the batch ends: type, version, queue, priority, maxAttempts, args; or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.callback_job_id IS 'The job that was enqueued when the batch ended, or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.created_at IS 'When it was created';
COMMENT ON COLUMN ${schema}.batch_job_collections.started_at IS 'Start of the earliest last attempt among the jobs folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.sealed_at IS 'When it was sealed';
COMMENT ON COLUMN ${schema}.batch_job_collections.completed_at IS 'When its end was folded';

-- Appended by everyone, deleted by the fold: the batch row is never hot.
CREATE TABLE ${schema}.batch_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_id uuid NOT NULL,
  total bigint NOT NULL DEFAULT 0,
  completed bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  started_at timestamptz
);
CREATE INDEX batch_deltas_batch_id_idx ON ${schema}.batch_deltas (batch_id);
COMMENT ON TABLE ${schema}.batch_deltas IS 'Changes of batch counters that are not folded yet; a counter is exact when read together with these';
COMMENT ON COLUMN ${schema}.batch_deltas.id IS 'Order of appending';
COMMENT ON COLUMN ${schema}.batch_deltas.batch_id IS 'The batch; no foreign key, so that appending touches no batch row';
COMMENT ON COLUMN ${schema}.batch_deltas.total IS 'Added to total_jobs';
COMMENT ON COLUMN ${schema}.batch_deltas.completed IS 'Added to completed_jobs';
COMMENT ON COLUMN ${schema}.batch_deltas.failed IS 'Added to failed_jobs; negative when a failed job is retried by hand';
COMMENT ON COLUMN ${schema}.batch_deltas.started_at IS 'Earliest start among the jobs counted, or null';

-- The record of every job. Written when it is enqueued, after an error, and when it ends; no index
-- holds a column that those updates change.
CREATE TABLE ${schema}.computational_jobs (
  id uuid NOT NULL,
  tenant_id text CHECK (char_length(tenant_id) BETWEEN 1 AND 255),
  user_id uuid REFERENCES ${schema}.users (id) ON DELETE RESTRICT,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
  job_version integer NOT NULL CHECK (job_version > 0),
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 100),
  args jsonb NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'failed')),
  priority smallint NOT NULL CHECK (priority BETWEEN -100 AND 100),
  parent_job_id uuid,
  batch_id uuid,
  error_recovery_attempts integer NOT NULL DEFAULT 0 CHECK (error_recovery_attempts >= 0),
  max_attempts integer NOT NULL CHECK (max_attempts > 0),
  progress_done bigint,
  progress_total bigint,
  progress_note text,
  result jsonb,
  error text,
  created_at timestamptz NOT NULL,
  scheduled_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  PRIMARY KEY (id),
  CHECK ((status = 'pending') = (completed_at IS NULL))
) PARTITION BY RANGE (id);
CREATE INDEX computational_jobs_user_id_id_idx ON ${schema}.computational_jobs (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX computational_jobs_batch_id_id_idx ON ${schema}.computational_jobs (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX computational_jobs_parent_job_id_idx ON ${schema}.computational_jobs (parent_job_id, id) WHERE parent_job_id IS NOT NULL;
COMMENT ON TABLE ${schema}.computational_jobs IS 'The record of every job; where a pending one stands is told by job_ready, job_delayed and job_leases';
COMMENT ON COLUMN ${schema}.computational_jobs.id IS 'UUIDv7 of the job; partition key';
COMMENT ON COLUMN ${schema}.computational_jobs.tenant_id IS 'Tenant it belongs to, or null';
COMMENT ON COLUMN ${schema}.computational_jobs.user_id IS 'User who owns it, or null';
COMMENT ON COLUMN ${schema}.computational_jobs.type IS 'Name of its type; a node runs the types it has handlers for';
COMMENT ON COLUMN ${schema}.computational_jobs.job_version IS 'Version of the type its args were written for; older nodes leave newer ones alone';
COMMENT ON COLUMN ${schema}.computational_jobs.queue IS 'Queue it waits in';
COMMENT ON COLUMN ${schema}.computational_jobs.args IS 'What the handler is given';
COMMENT ON COLUMN ${schema}.computational_jobs.status IS 'pending until it has ended, then completed or failed';
COMMENT ON COLUMN ${schema}.computational_jobs.priority IS 'Higher runs sooner';
COMMENT ON COLUMN ${schema}.computational_jobs.parent_job_id IS 'Job it was made by, or null; no foreign key, so that partitions can be dropped';
COMMENT ON COLUMN ${schema}.computational_jobs.batch_id IS 'Batch it belongs to, or null; checked under the batch''s lock when it is enqueued';
COMMENT ON COLUMN ${schema}.computational_jobs.error_recovery_attempts IS 'Attempts due or begun after an error or a rescue';
COMMENT ON COLUMN ${schema}.computational_jobs.max_attempts IS 'Attempts after which it is failed';
COMMENT ON COLUMN ${schema}.computational_jobs.progress_done IS 'Last progress of the attempt that ended it; of a running one see job_progress';
COMMENT ON COLUMN ${schema}.computational_jobs.progress_total IS 'What progress_done goes up to';
COMMENT ON COLUMN ${schema}.computational_jobs.progress_note IS 'What it was last doing';
COMMENT ON COLUMN ${schema}.computational_jobs.result IS 'What the handler returned, or null';
COMMENT ON COLUMN ${schema}.computational_jobs.error IS 'Last error, cut to a bound, or null';
COMMENT ON COLUMN ${schema}.computational_jobs.created_at IS 'When it was enqueued';
COMMENT ON COLUMN ${schema}.computational_jobs.scheduled_at IS 'Not before, as asked for when it was enqueued; null: at once';
COMMENT ON COLUMN ${schema}.computational_jobs.started_at IS 'Start of its last ended attempt';
COMMENT ON COLUMN ${schema}.computational_jobs.completed_at IS 'When it ended, well or not';

-- One row per attempt, appended when the attempt ends. Goes with its job's partition.
CREATE TABLE ${schema}.job_attempts (
  job_id uuid NOT NULL,
  epoch integer NOT NULL CHECK (epoch > 0),
  attempt integer NOT NULL CHECK (attempt > 0),
  instance_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('completed', 'retried', 'failed', 'lost', 'released')),
  error_class text,
  error text,
  stack_trace text CHECK (octet_length(stack_trace) <= 65536),
  PRIMARY KEY (job_id, epoch)
) PARTITION BY RANGE (job_id);
CREATE INDEX job_attempts_dead_letters_idx ON ${schema}.job_attempts (job_id) WHERE outcome = 'failed';
COMMENT ON TABLE ${schema}.job_attempts IS 'Every ended attempt at a job';
COMMENT ON COLUMN ${schema}.job_attempts.job_id IS 'The job; partition key';
COMMENT ON COLUMN ${schema}.job_attempts.epoch IS 'Which claim of the job this was, from 1 on';
COMMENT ON COLUMN ${schema}.job_attempts.attempt IS 'Number of the attempt; a released one is repeated under the same number';
COMMENT ON COLUMN ${schema}.job_attempts.instance_id IS 'Instance that ran it; no foreign key, since this outlives instances';
COMMENT ON COLUMN ${schema}.job_attempts.started_at IS 'When it was claimed';
COMMENT ON COLUMN ${schema}.job_attempts.ended_at IS 'When its outcome was written';
COMMENT ON COLUMN ${schema}.job_attempts.outcome IS 'completed; retried: failed and tried again; failed: for good; lost: its instance died; released: given back at a shutdown';
COMMENT ON COLUMN ${schema}.job_attempts.error_class IS 'Class of the exception, or null';
COMMENT ON COLUMN ${schema}.job_attempts.error IS 'Message of the exception, cut to a bound, or null';
COMMENT ON COLUMN ${schema}.job_attempts.stack_trace IS 'Its stack trace, cut to a bound, or null';

-- The hot tables: narrow, and as long as the work at hand. A pending job has exactly one row among
-- job_ready, job_delayed and job_leases, and its epoch travels with it.
CREATE TABLE ${schema}.job_ready (
  job_id uuid PRIMARY KEY,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  queue text NOT NULL,
  priority smallint NOT NULL,
  type text NOT NULL,
  job_version integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 1
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX job_ready_claim_idx ON ${schema}.job_ready (queue, priority DESC, seq);
COMMENT ON TABLE ${schema}.job_ready IS 'Jobs that may be claimed now';
COMMENT ON COLUMN ${schema}.job_ready.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_ready.seq IS 'Place in line among those of the same queue and priority';
COMMENT ON COLUMN ${schema}.job_ready.queue IS 'Queue it waits in';
COMMENT ON COLUMN ${schema}.job_ready.priority IS 'Higher runs sooner';
COMMENT ON COLUMN ${schema}.job_ready.type IS 'Its type, to match with handlers';
COMMENT ON COLUMN ${schema}.job_ready.job_version IS 'Version of its type, to match with handlers';
COMMENT ON COLUMN ${schema}.job_ready.epoch IS 'Claims so far';
COMMENT ON COLUMN ${schema}.job_ready.attempt IS 'Number the next attempt will have';

CREATE TABLE ${schema}.job_delayed (
  job_id uuid PRIMARY KEY,
  run_at timestamptz NOT NULL,
  queue text NOT NULL,
  priority smallint NOT NULL,
  type text NOT NULL,
  job_version integer NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 1
);
CREATE INDEX job_delayed_run_at_idx ON ${schema}.job_delayed (run_at);
COMMENT ON TABLE ${schema}.job_delayed IS 'Jobs that may be claimed later: scheduled ones, and those that wait out a backoff';
COMMENT ON COLUMN ${schema}.job_delayed.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_delayed.run_at IS 'When it becomes ready';
COMMENT ON COLUMN ${schema}.job_delayed.queue IS 'Queue it will wait in';
COMMENT ON COLUMN ${schema}.job_delayed.priority IS 'Higher runs sooner';
COMMENT ON COLUMN ${schema}.job_delayed.type IS 'Its type';
COMMENT ON COLUMN ${schema}.job_delayed.job_version IS 'Version of its type';
COMMENT ON COLUMN ${schema}.job_delayed.epoch IS 'Claims so far';
COMMENT ON COLUMN ${schema}.job_delayed.attempt IS 'Number the next attempt will have';

CREATE TABLE ${schema}.job_leases (
  job_id uuid PRIMARY KEY,
  epoch integer NOT NULL,
  instance_id uuid NOT NULL,
  claimed_at timestamptz NOT NULL,
  queue text NOT NULL,
  priority smallint NOT NULL,
  type text NOT NULL,
  job_version integer NOT NULL,
  attempt integer NOT NULL,
  claimer uuid NOT NULL,
  begun boolean NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX job_leases_instance_id_idx ON ${schema}.job_leases (instance_id);
COMMENT ON TABLE ${schema}.job_leases IS 'Jobs that an instance has claimed. The fence is a row lock on (job_id, epoch), so nothing updates these rows once the handler runs: they are inserted, marked begun if need be, and deleted';
COMMENT ON COLUMN ${schema}.job_leases.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_leases.epoch IS 'This claim''s number; every write of a run must match it';
COMMENT ON COLUMN ${schema}.job_leases.instance_id IS 'The instance that holds it for as long as it lives; no foreign key';
COMMENT ON COLUMN ${schema}.job_leases.claimed_at IS 'When it was claimed';
COMMENT ON COLUMN ${schema}.job_leases.queue IS 'Queue it came from and returns to';
COMMENT ON COLUMN ${schema}.job_leases.priority IS 'Its priority';
COMMENT ON COLUMN ${schema}.job_leases.type IS 'Its type';
COMMENT ON COLUMN ${schema}.job_leases.job_version IS 'Version of its type';
COMMENT ON COLUMN ${schema}.job_leases.attempt IS 'Number of this attempt';
COMMENT ON COLUMN ${schema}.job_leases.claimer IS 'The dispatcher within the instance, which gives back what it does not know of';
COMMENT ON COLUMN ${schema}.job_leases.begun IS 'Set before the handler begins a last attempt: only such a one is failed by a rescue';

-- Apart from the fenced row: a handler that holds the fence must be able to report progress over
-- another connection without waiting for itself.
CREATE TABLE ${schema}.job_progress (
  job_id uuid PRIMARY KEY,
  epoch integer NOT NULL,
  done bigint NOT NULL CHECK (done >= 0),
  total bigint NOT NULL CHECK (total >= 0),
  note text,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE ${schema}.job_progress IS 'Latest progress of running jobs';
COMMENT ON COLUMN ${schema}.job_progress.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_progress.epoch IS 'The claim that reported it; counts only while that is the lease''s';
COMMENT ON COLUMN ${schema}.job_progress.done IS 'How far it is';
COMMENT ON COLUMN ${schema}.job_progress.total IS 'How far it goes; 0: not known';
COMMENT ON COLUMN ${schema}.job_progress.note IS 'What it is doing, or null';
COMMENT ON COLUMN ${schema}.job_progress.updated_at IS 'When it said so';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 1, 'expanding');

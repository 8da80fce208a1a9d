-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'batch_job_collections has no index batch_job_collections_parent_id_id_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.batch_job_collections$n$::regclass AND x.indisvalid AND c.relname = 'batch_job_collections_parent_id_id_idx')

-- A batch may belong to another. Its end is counted there as a job's is, in columns of its own, so
-- that the counters of jobs remain those of the batch's own jobs. A batch can only be put into one
-- that exists and takes more, so there are no cycles.
ALTER TABLE ${schema}.batch_job_collections
  ADD COLUMN parent_id uuid,
  ADD COLUMN depth smallint NOT NULL DEFAULT 0 CHECK (depth BETWEEN 0 AND 15),
  ADD COLUMN cancelled_jobs bigint NOT NULL DEFAULT 0 CHECK (cancelled_jobs >= 0),
  ADD COLUMN total_batches bigint NOT NULL DEFAULT 0 CHECK (total_batches >= 0),
  ADD COLUMN completed_batches bigint NOT NULL DEFAULT 0 CHECK (completed_batches >= 0),
  ADD COLUMN failed_batches bigint NOT NULL DEFAULT 0 CHECK (failed_batches >= 0),
  ADD COLUMN cancelled_batches bigint NOT NULL DEFAULT 0 CHECK (cancelled_batches >= 0),
  ADD COLUMN success_callback jsonb,
  ADD COLUMN success_callback_job_id uuid,
  ADD COLUMN failure_callback jsonb,
  ADD COLUMN failure_callback_job_id uuid,
  DROP CONSTRAINT batch_job_collections_status_check,
  DROP CONSTRAINT batch_job_collections_check,
  ADD CONSTRAINT batch_job_collections_status_check CHECK (status IN ('open', 'sealed', 'completed', 'failed', 'cancelled')),
  ADD CONSTRAINT batch_job_collections_check CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL));
COMMENT ON COLUMN ${schema}.batch_job_collections.status IS 'open: takes jobs and batches; sealed: takes no more; completed: everything in it ended well; cancelled: everything ended, and what did not end well was cancelled; failed: everything ended, something of it in failure';
COMMENT ON COLUMN ${schema}.batch_job_collections.failed_jobs IS 'Jobs that ended in failure or were cancelled, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.cancelled_jobs IS 'Those of failed_jobs that were cancelled';
COMMENT ON COLUMN ${schema}.batch_job_collections.parent_id IS 'Batch it belongs to, or null; checked under that one''s lock when it is created';
COMMENT ON COLUMN ${schema}.batch_job_collections.depth IS 'How many batches it lies within';
COMMENT ON COLUMN ${schema}.batch_job_collections.total_batches IS 'Batches created in it, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.completed_batches IS 'Batches in it that ended well, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.failed_batches IS 'Batches in it that ended in failure or were cancelled, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.cancelled_batches IS 'Those of failed_batches that were cancelled';
COMMENT ON COLUMN ${schema}.batch_job_collections.callback IS 'Job to enqueue when the batch ends, well or not: type, version, queue, priority, maxAttempts, args; or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.callback_job_id IS 'The job that was enqueued for callback, or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.success_callback IS 'Job to enqueue when the batch ends well, as in callback; or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.success_callback_job_id IS 'The job that was enqueued for success_callback, or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.failure_callback IS 'Job to enqueue when the batch ends otherwise, as in callback; or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.failure_callback_job_id IS 'The job that was enqueued for failure_callback, or null';
-- No index holds a column that the fold changes; the status changes twice in a batch's life.
CREATE INDEX batch_job_collections_parent_id_id_idx ON ${schema}.batch_job_collections (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX batch_job_collections_tenant_id_id_idx ON ${schema}.batch_job_collections (tenant_id, id) WHERE tenant_id IS NOT NULL;
CREATE INDEX batch_job_collections_status_id_idx ON ${schema}.batch_job_collections (status, id);
CREATE INDEX batch_job_collections_collection_name_id_idx ON ${schema}.batch_job_collections (collection_name, id);

ALTER TABLE ${schema}.batch_deltas
  ADD COLUMN cancelled bigint NOT NULL DEFAULT 0,
  ADD COLUMN total_batches integer NOT NULL DEFAULT 0,
  ADD COLUMN completed_batches integer NOT NULL DEFAULT 0,
  ADD COLUMN failed_batches integer NOT NULL DEFAULT 0,
  ADD COLUMN cancelled_batches integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ${schema}.batch_deltas.failed IS 'Added to failed_jobs, cancelled ones among them; negative when such a job is retried by hand';
COMMENT ON COLUMN ${schema}.batch_deltas.cancelled IS 'Added to cancelled_jobs; what is counted here is counted in failed too';
COMMENT ON COLUMN ${schema}.batch_deltas.total_batches IS 'Added to total_batches';
COMMENT ON COLUMN ${schema}.batch_deltas.completed_batches IS 'Added to completed_batches';
COMMENT ON COLUMN ${schema}.batch_deltas.failed_batches IS 'Added to failed_batches, cancelled ones among them';
COMMENT ON COLUMN ${schema}.batch_deltas.cancelled_batches IS 'Added to cancelled_batches';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 9, 'expanding');

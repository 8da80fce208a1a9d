-- A batch no longer knows which other it belongs to, so that one ends without it; and a cancelled
-- batch has no word for itself.
ALTER TABLE ${schema}.batch_deltas
  DROP COLUMN cancelled,
  DROP COLUMN total_batches,
  DROP COLUMN completed_batches,
  DROP COLUMN failed_batches,
  DROP COLUMN cancelled_batches;
COMMENT ON COLUMN ${schema}.batch_deltas.failed IS 'Added to failed_jobs; negative when a failed job is retried by hand';
DROP INDEX ${schema}.batch_job_collections_collection_name_id_idx;
DROP INDEX ${schema}.batch_job_collections_status_id_idx;
DROP INDEX ${schema}.batch_job_collections_tenant_id_id_idx;
DROP INDEX ${schema}.batch_job_collections_parent_id_id_idx;
UPDATE ${schema}.batch_job_collections SET status = 'failed' WHERE status = 'cancelled';
ALTER TABLE ${schema}.batch_job_collections
  DROP CONSTRAINT batch_job_collections_check,
  DROP CONSTRAINT batch_job_collections_status_check,
  DROP COLUMN parent_id,
  DROP COLUMN depth,
  DROP COLUMN cancelled_jobs,
  DROP COLUMN total_batches,
  DROP COLUMN completed_batches,
  DROP COLUMN failed_batches,
  DROP COLUMN cancelled_batches,
  DROP COLUMN success_callback,
  DROP COLUMN success_callback_job_id,
  DROP COLUMN failure_callback,
  DROP COLUMN failure_callback_job_id,
  ADD CONSTRAINT batch_job_collections_status_check CHECK (status IN ('open', 'sealed', 'completed', 'failed')),
  ADD CONSTRAINT batch_job_collections_check CHECK ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL));
COMMENT ON COLUMN ${schema}.batch_job_collections.status IS 'open: takes jobs; sealed: takes no more; completed: every job ended well; failed: every job ended, at least one of them failed';
COMMENT ON COLUMN ${schema}.batch_job_collections.failed_jobs IS 'Jobs that ended in failure, as folded so far';
COMMENT ON COLUMN ${schema}.batch_job_collections.callback IS 'Job to enqueue when the batch ends: type, version, queue, priority, maxAttempts, args; or null';
COMMENT ON COLUMN ${schema}.batch_job_collections.callback_job_id IS 'The job that was enqueued when the batch ended, or null';
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 9;

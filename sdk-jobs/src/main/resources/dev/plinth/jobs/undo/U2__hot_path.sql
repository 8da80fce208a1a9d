-- Attempts that only the record told of, as rows again; cancelled jobs have no word for themselves.
INSERT INTO ${schema}.job_attempts (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
SELECT j.id, j.epoch, j.attempt, j.instance_id, j.started_at, j.completed_at, 'completed'
FROM ${schema}.computational_jobs j
WHERE j.status = 'completed' AND j.epoch > 0 AND j.attempt > 0 AND j.instance_id IS NOT NULL AND j.started_at IS NOT NULL
ON CONFLICT (job_id, epoch) DO NOTHING;
DROP INDEX ${schema}.batch_deltas_batch_id_xid_idx;
ALTER TABLE ${schema}.batch_deltas DROP COLUMN xid;
CREATE INDEX batch_deltas_batch_id_idx ON ${schema}.batch_deltas (batch_id);
DROP TABLE ${schema}.job_claimers;
ALTER TABLE ${schema}.job_leases DROP COLUMN group_id;
CREATE INDEX job_leases_instance_id_idx ON ${schema}.job_leases (instance_id);
ALTER TABLE ${schema}.job_delayed DROP COLUMN xid, DROP COLUMN group_id;
ALTER TABLE ${schema}.job_ready DROP COLUMN xid, DROP COLUMN group_id;
CREATE INDEX job_ready_claim_idx ON ${schema}.job_ready (queue, priority DESC, seq);
COMMENT ON COLUMN ${schema}.job_ready.seq IS 'Place in line among those of the same queue and priority';
DO $$
DECLARE
  child regclass;
BEGIN
  FOR child IN SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = '${schema}.computational_jobs'::regclass
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s RESET (fillfactor)', child);
  END LOOP;
END
$$;
UPDATE ${schema}.partitioned_tables SET fillfactor = 100 WHERE name = 'computational_jobs';
COMMENT ON TABLE ${schema}.job_attempts IS 'Every ended attempt at a job';
DROP INDEX ${schema}.computational_jobs_type_id_idx;
UPDATE ${schema}.computational_jobs SET status = 'failed' WHERE status = 'cancelled';
ALTER TABLE ${schema}.computational_jobs
  DROP COLUMN timeout_ms,
  DROP COLUMN deadline,
  DROP COLUMN limit_key,
  DROP COLUMN metadata,
  DROP COLUMN trigger_type,
  DROP COLUMN subject,
  DROP COLUMN definition,
  DROP COLUMN attempt,
  DROP COLUMN epoch,
  DROP COLUMN instance_id,
  DROP CONSTRAINT computational_jobs_status_check,
  ADD CONSTRAINT computational_jobs_status_check CHECK (status IN ('pending', 'completed', 'failed'));
COMMENT ON COLUMN ${schema}.computational_jobs.status IS 'pending until it has ended, then completed or failed';
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 2;

-- Without the graph nothing waits for anything. What waited is failed: it must not run before its
-- parents, and can be retried by hand.
INSERT INTO ${schema}.job_attempts (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome, error)
SELECT w.job_id, GREATEST(w.epoch, 0) + 1, GREATEST(w.attempt, 1), '00000000-0000-0000-0000-000000000000',
       w.waiting_since, pg_catalog.now(), 'failed', 'The version that it waited for others under was undone'
FROM ${schema}.job_waiting w
JOIN ${schema}.computational_jobs j ON j.id = w.job_id AND j.status = 'pending'
WHERE NOT EXISTS (SELECT FROM ${schema}.job_attempts a WHERE a.job_id = w.job_id)
ON CONFLICT (job_id, epoch) DO NOTHING;
UPDATE ${schema}.computational_jobs j
SET status = 'failed',
    error = 'The version that it waited for others under was undone',
    completed_at = pg_catalog.now()
FROM ${schema}.job_waiting w
WHERE j.id = w.job_id
  AND j.status = 'pending';
INSERT INTO ${schema}.batch_deltas (batch_id, failed)
SELECT j.batch_id, pg_catalog.count(*)
FROM ${schema}.job_waiting w
JOIN ${schema}.computational_jobs j ON j.id = w.job_id AND j.status = 'failed'
WHERE j.batch_id IS NOT NULL
GROUP BY j.batch_id;
DROP TABLE ${schema}.job_signals;
DROP TABLE ${schema}.job_edges;
DROP TABLE ${schema}.job_waiting;
DROP TABLE ${schema}.job_steps;
COMMENT ON TABLE ${schema}.computational_jobs IS 'The record of every job; where a pending one stands is told by job_ready, job_delayed and job_leases';
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 5;

-- Nothing limits any more: what waited because of a limit may run.
INSERT INTO ${schema}.job_ready (job_id, queue, priority, type, job_version, epoch, attempt)
SELECT p.job_id, p.queue, p.priority, p.type, p.job_version, p.epoch, p.attempt
FROM ${schema}.job_parked p
ORDER BY p.xid, p.seq
ON CONFLICT (job_id) DO NOTHING;
UPDATE ${schema}.job_ready SET group_id = NULL WHERE group_id IS NOT NULL;
UPDATE ${schema}.job_delayed SET group_id = NULL WHERE group_id IS NOT NULL;
UPDATE ${schema}.job_leases SET group_id = NULL WHERE group_id IS NOT NULL;
DROP TABLE ${schema}.job_gatekeeper;
DROP TABLE ${schema}.job_queue_turns;
DROP TABLE ${schema}.job_parked;
DROP TABLE ${schema}.job_groups;
DROP TABLE ${schema}.job_queues;
DROP TABLE ${schema}.job_limits;
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 6;

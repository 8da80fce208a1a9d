-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'job_ready has no index job_ready_lane_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.job_ready$n$::regclass AND x.indisvalid AND c.relname = 'job_ready_lane_idx')

-- The record tells of the attempt that ended it well, so that an ordinary job costs no second row.
-- Columns for whoever asked, and for how it may run.
ALTER TABLE ${schema}.computational_jobs
  ADD COLUMN instance_id uuid,
  ADD COLUMN epoch integer,
  ADD COLUMN attempt integer,
  ADD COLUMN definition text CHECK (length(definition) BETWEEN 1 AND 255),
  ADD COLUMN subject text CHECK (length(subject) BETWEEN 1 AND 255),
  ADD COLUMN trigger_type text CHECK (length(trigger_type) BETWEEN 1 AND 50),
  ADD COLUMN metadata jsonb,
  ADD COLUMN limit_key text CHECK (length(limit_key) BETWEEN 1 AND 255),
  ADD COLUMN deadline timestamptz,
  ADD COLUMN timeout_ms bigint CHECK (timeout_ms > 0),
  DROP CONSTRAINT computational_jobs_status_check,
  ADD CONSTRAINT computational_jobs_status_check CHECK (status IN ('pending', 'completed', 'failed', 'cancelled'));
COMMENT ON COLUMN ${schema}.computational_jobs.status IS 'pending until it has ended, then completed, failed or cancelled';
COMMENT ON COLUMN ${schema}.computational_jobs.instance_id IS 'Instance whose attempt completed it; else null. Other attempts are in job_attempts';
COMMENT ON COLUMN ${schema}.computational_jobs.epoch IS 'Claim under which it was completed; else null';
COMMENT ON COLUMN ${schema}.computational_jobs.attempt IS 'Number of the attempt that completed it; else null';
COMMENT ON COLUMN ${schema}.computational_jobs.definition IS 'What it is a run of, in the host''s words: a workflow''s id, say; or null';
COMMENT ON COLUMN ${schema}.computational_jobs.subject IS 'What it is about, in the host''s words: a thread''s id, say; or null';
COMMENT ON COLUMN ${schema}.computational_jobs.trigger_type IS 'What set it off: manual, schedule, webhook, api or a word of the host''s; or null';
COMMENT ON COLUMN ${schema}.computational_jobs.metadata IS 'Whatever else the host wants to keep with it, or null';
COMMENT ON COLUMN ${schema}.computational_jobs.limit_key IS 'Key under which a limit counts it, or null';
COMMENT ON COLUMN ${schema}.computational_jobs.deadline IS 'When it must have ended, else it is failed; or null';
COMMENT ON COLUMN ${schema}.computational_jobs.timeout_ms IS 'How long one attempt may take, or null for what its type says';
CREATE INDEX computational_jobs_type_id_idx ON ${schema}.computational_jobs (type, id);
CREATE INDEX computational_jobs_definition_id_idx ON ${schema}.computational_jobs (definition, id) WHERE definition IS NOT NULL;
CREATE INDEX computational_jobs_subject_id_idx ON ${schema}.computational_jobs (subject, id) WHERE subject IS NOT NULL;
CREATE INDEX computational_jobs_trigger_type_id_idx ON ${schema}.computational_jobs (trigger_type, id) WHERE trigger_type IS NOT NULL;
COMMENT ON TABLE ${schema}.job_attempts IS 'Every ended attempt at a job but the one that completed it, which the job''s record tells of';

-- A record is updated where it lies: more than half of each new page is kept free for that, and no index holds
-- a column that its end changes.
UPDATE ${schema}.partitioned_tables SET fillfactor = 45 WHERE name = 'computational_jobs';
DO $$
DECLARE
  child regclass;
BEGIN
  FOR child IN SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = '${schema}.computational_jobs'::regclass
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s SET (fillfactor = 45)', child);
  END LOOP;
END
$$;

-- A lane is the jobs of one queue and priority, in the order of the transactions that put them there. A
-- claimer remembers below which transaction its lane is empty for good, so that it walks over no dead
-- row twice, also while an old snapshot keeps vacuum from removing them.
DROP INDEX ${schema}.job_ready_claim_idx;
ALTER TABLE ${schema}.job_ready
  ADD COLUMN xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  ADD COLUMN group_id bigint;
CREATE INDEX job_ready_lane_idx ON ${schema}.job_ready (queue, priority, xid, seq);
CREATE INDEX job_ready_group_id_idx ON ${schema}.job_ready (group_id) WHERE group_id IS NOT NULL;
COMMENT ON COLUMN ${schema}.job_ready.seq IS 'Place in line among those of the same lane and transaction';
COMMENT ON COLUMN ${schema}.job_ready.xid IS 'The transaction that put it here';
COMMENT ON COLUMN ${schema}.job_ready.group_id IS 'The group whose limits count it, or null where no limit does';

ALTER TABLE ${schema}.job_delayed
  ADD COLUMN xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  ADD COLUMN group_id bigint;
CREATE INDEX job_delayed_xid_idx ON ${schema}.job_delayed (xid);
COMMENT ON COLUMN ${schema}.job_delayed.xid IS 'The transaction that put it here';
COMMENT ON COLUMN ${schema}.job_delayed.group_id IS 'The group whose limits will count it, or null where no limit does';

-- Leases are reached by job alone. Those of a dead instance are looked for when there is one.
DROP INDEX ${schema}.job_leases_instance_id_idx;
ALTER TABLE ${schema}.job_leases
  ADD COLUMN group_id bigint;
CREATE INDEX job_leases_group_id_idx ON ${schema}.job_leases (group_id) WHERE group_id IS NOT NULL;
COMMENT ON COLUMN ${schema}.job_leases.group_id IS 'The group whose limits count it, or null where no limit does';

CREATE TABLE ${schema}.job_claimers (
  instance_id uuid PRIMARY KEY,
  registered_at timestamptz NOT NULL
);
COMMENT ON TABLE ${schema}.job_claimers IS 'Instances that may hold leases. One that has died is looked for in job_leases, and removed when it holds none';
COMMENT ON COLUMN ${schema}.job_claimers.instance_id IS 'The instance; no foreign key';
COMMENT ON COLUMN ${schema}.job_claimers.registered_at IS 'When it was about to claim for the first time';
INSERT INTO ${schema}.job_claimers (instance_id, registered_at) SELECT DISTINCT l.instance_id, pg_catalog.now() FROM ${schema}.job_leases l;

-- Counters of batches, read from a transaction on: what is older has been folded.
DROP INDEX ${schema}.batch_deltas_batch_id_idx;
ALTER TABLE ${schema}.batch_deltas
  ADD COLUMN xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id();
CREATE INDEX batch_deltas_xid_idx ON ${schema}.batch_deltas (xid);
CREATE INDEX batch_deltas_batch_id_xid_idx ON ${schema}.batch_deltas (batch_id, xid);
COMMENT ON COLUMN ${schema}.batch_deltas.xid IS 'The transaction that appended it';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 2, 'expanding');

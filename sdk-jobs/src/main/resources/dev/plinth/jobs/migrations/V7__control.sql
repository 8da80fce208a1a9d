-- plinth:compatibility expanding
-- plinth:undo destroys-data
-- plinth:validate SELECT 'there is no table ' || t.name FROM pg_catalog.unnest(ARRAY['job_unique', 'job_cancels', 'job_deadlines']) AS t(name) WHERE pg_catalog.to_regclass($n$${schema}.$n$ || t.name) IS NULL

-- How attempts may end that were told to stop, or that stopped of themselves.
ALTER TABLE ${schema}.job_attempts
  DROP CONSTRAINT job_attempts_outcome_check,
  ADD CONSTRAINT job_attempts_outcome_check CHECK (outcome IN ('completed', 'retried', 'failed', 'lost', 'released', 'cancelled', 'timed_out', 'snoozed', 'discarded'));
COMMENT ON COLUMN ${schema}.job_attempts.outcome IS 'completed; retried: failed and tried again; failed: for good; lost: its instance died; released: given back at a shutdown; cancelled: on request; timed_out: took too long, tried again or not; snoozed: put off by its handler; discarded: given up by its handler';
DROP INDEX ${schema}.job_attempts_dead_letters_idx;
CREATE INDEX job_attempts_dead_letters_idx ON ${schema}.job_attempts (job_id) WHERE outcome IN ('failed', 'timed_out', 'discarded');

-- Keys of unique jobs. A row names the job that had the key last; whether that holds it still is told
-- by where the job stands, so that no claim and no retry has to write here.
ALTER TABLE ${schema}.computational_jobs
  ADD COLUMN holds_key boolean;
COMMENT ON COLUMN ${schema}.computational_jobs.holds_key IS 'True where job_unique may have a row of it; else null';
CREATE TABLE ${schema}.job_unique (
  hash bytea NOT NULL,
  bucket bigint NOT NULL,
  job_id uuid NOT NULL,
  states text[] NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (hash, bucket)
);
CREATE INDEX job_unique_job_id_idx ON ${schema}.job_unique (job_id);
COMMENT ON TABLE ${schema}.job_unique IS 'Keys of unique jobs, and which job had each last';
COMMENT ON COLUMN ${schema}.job_unique.hash IS 'SHA-256 of tenant, type, key or arguments, and length of the window';
COMMENT ON COLUMN ${schema}.job_unique.bucket IS 'Number of the window since 1970; 0 where there is none';
COMMENT ON COLUMN ${schema}.job_unique.job_id IS 'The job that had the key last; no foreign key, so that partitions can be dropped';
COMMENT ON COLUMN ${schema}.job_unique.states IS 'Where that job must stand to hold the key: scheduled, retrying, ready, running, completed, failed, cancelled';
COMMENT ON COLUMN ${schema}.job_unique.expires_at IS 'End of the window, or null where there is none';

CREATE TABLE ${schema}.job_cancels (
  job_id uuid PRIMARY KEY,
  requested_at timestamptz NOT NULL,
  requested_by uuid,
  reason text CHECK (length(reason) <= 1000)
);
COMMENT ON TABLE ${schema}.job_cancels IS 'Wishes that running jobs be cancelled; each goes with the end of its job';
COMMENT ON COLUMN ${schema}.job_cancels.job_id IS 'The job';
COMMENT ON COLUMN ${schema}.job_cancels.requested_at IS 'When it was asked for';
COMMENT ON COLUMN ${schema}.job_cancels.requested_by IS 'User who asked, in the host''s words; or null';
COMMENT ON COLUMN ${schema}.job_cancels.reason IS 'Why, or null';

-- Apart from the record, so that deadlines that have passed are not walked over again.
CREATE TABLE ${schema}.job_deadlines (
  job_id uuid PRIMARY KEY,
  look_at timestamptz NOT NULL
);
CREATE INDEX job_deadlines_look_at_idx ON ${schema}.job_deadlines (look_at);
COMMENT ON TABLE ${schema}.job_deadlines IS 'Deadlines to be looked at: a job that still waits then is failed. Rows go when their time has come, whether or not the job has ended before';
COMMENT ON COLUMN ${schema}.job_deadlines.job_id IS 'The job; no foreign key';
COMMENT ON COLUMN ${schema}.job_deadlines.look_at IS 'Its deadline; later when it was found running then';

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 7, 'expanding');

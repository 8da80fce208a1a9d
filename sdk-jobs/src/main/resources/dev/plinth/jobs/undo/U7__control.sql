-- Attempts by the nearest of the old words.
UPDATE ${schema}.job_attempts a
SET outcome = CASE
    WHEN a.outcome = 'snoozed' THEN 'released'
    WHEN a.outcome = 'timed_out' AND EXISTS (
      SELECT FROM ${schema}.job_attempts later
      WHERE later.job_id = a.job_id
        AND later.epoch > a.epoch) THEN 'retried'
    WHEN a.outcome = 'timed_out' AND EXISTS (
      SELECT FROM ${schema}.computational_jobs j
      WHERE j.id = a.job_id
        AND j.status = 'pending') THEN 'retried'
    ELSE 'failed'
  END
WHERE a.outcome IN ('cancelled', 'timed_out', 'snoozed', 'discarded');
DROP TABLE ${schema}.job_deadlines;
DROP TABLE ${schema}.job_cancels;
DROP TABLE ${schema}.job_unique;
ALTER TABLE ${schema}.computational_jobs DROP COLUMN holds_key;
DROP INDEX ${schema}.job_attempts_dead_letters_idx;
CREATE INDEX job_attempts_dead_letters_idx ON ${schema}.job_attempts (job_id) WHERE outcome = 'failed';
ALTER TABLE ${schema}.job_attempts
  DROP CONSTRAINT job_attempts_outcome_check,
  ADD CONSTRAINT job_attempts_outcome_check CHECK (outcome IN ('completed', 'retried', 'failed', 'lost', 'released'));
COMMENT ON COLUMN ${schema}.job_attempts.outcome IS 'completed; retried: failed and tried again; failed: for good; lost: its instance died; released: given back at a shutdown';
DELETE FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 7;

package dev.plinth.benchmarks.jobs;

/** The tables of the limits: what plain SQL would be written against. */
final class LimitTables {
  /** A queue and nothing else. */
  static final String QUEUE =
      """
      CREATE TABLE limit_queue (
        id bigint PRIMARY KEY,
        queue text NOT NULL,
        priority smallint NOT NULL,
        taken boolean NOT NULL DEFAULT false,
        args jsonb NOT NULL
      );
      CREATE INDEX limit_queue_claim_idx ON limit_queue (queue, priority DESC, id) WHERE NOT taken;
      """;

  /** One row for each job, as wide as Plinth's record, with its indexes and one to claim by. */
  static final String JOBS =
      """
      CREATE TABLE limit_jobs (
        id uuid PRIMARY KEY,
        tenant_id text,
        user_id uuid,
        type text NOT NULL,
        job_version integer NOT NULL,
        queue text NOT NULL,
        args jsonb NOT NULL,
        status text NOT NULL DEFAULT 'pending',
        priority smallint NOT NULL,
        parent_job_id uuid,
        batch_id uuid,
        error_recovery_attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL,
        progress_done bigint,
        progress_total bigint,
        progress_note text,
        result jsonb,
        error text,
        created_at timestamptz NOT NULL,
        scheduled_at timestamptz,
        started_at timestamptz,
        completed_at timestamptz,
        instance_id uuid,
        epoch integer,
        attempt integer,
        definition text,
        subject text,
        trigger_type text,
        metadata jsonb,
        limit_key text,
        deadline timestamptz,
        timeout_ms bigint,
        holds_key boolean
      );
      CREATE INDEX limit_jobs_claim_idx ON limit_jobs (queue, priority DESC, id) WHERE status = 'pending';
      CREATE INDEX limit_jobs_user_idx ON limit_jobs (user_id, id) WHERE user_id IS NOT NULL;
      CREATE INDEX limit_jobs_batch_idx ON limit_jobs (batch_id, id) WHERE batch_id IS NOT NULL;
      CREATE INDEX limit_jobs_parent_idx ON limit_jobs (parent_job_id, id) WHERE parent_job_id IS NOT NULL;
      CREATE INDEX limit_jobs_type_idx ON limit_jobs (type, id);
      CREATE INDEX limit_jobs_definition_idx ON limit_jobs (definition, id) WHERE definition IS NOT NULL;
      CREATE INDEX limit_jobs_subject_idx ON limit_jobs (subject, id) WHERE subject IS NOT NULL;
      CREATE INDEX limit_jobs_trigger_idx ON limit_jobs (trigger_type, id) WHERE trigger_type IS NOT NULL;
      """;

  private LimitTables() {}
}

package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The runs of two systems, taken over from their own tables as docs/jobs/runs.md maps them: each
 * column is found again, and what had not ended goes on.
 *
 * <p>Their ids are random, ours tell the time and choose the partition. So each run gets a
 * successor, and its own id stays in {@code metadata}, as does whatever else has no column.
 */
@PlinthTest
class RunSeedsTest {
  /** What the host's JSON looks like here. */
  record Data(String text) {}

  private static final ResultJobType<Data, Data> AGENT =
      JobType.of("agent", Data.class).returning(Data.class);
  private static final ResultJobType<Data, Data> WORKFLOW =
      JobType.of("workflow", Data.class).returning(Data.class);

  private static final UUID THREAD = UUID.fromString("7ead0000-0000-4000-8000-000000000000");
  private static final UUID FLOW = UUID.fromString("f1000000-0000-4000-8000-000000000000");
  private static final UUID ADA = UUID.fromString("ada00000-0000-4000-8000-000000000000");

  private static final String BEFORE =
      """
      DROP SCHEMA IF EXISTS theirs CASCADE;
      CREATE SCHEMA theirs;
      -- A UUIDv7 of the time, random where theirs is.
      CREATE FUNCTION theirs.successor(id uuid, made timestamptz) RETURNS uuid LANGUAGE sql AS $$
        SELECT (lpad(to_hex(trunc(extract(epoch FROM made) * 1000)::bigint), 12, '0')
          || '7' || substr(replace(id::text, '-', ''), 14))::uuid
      $$;
      CREATE FUNCTION theirs.make_room(made timestamptz) RETURNS void LANGUAGE sql AS $$
        SELECT plinth.make_partition(t.name, date_trunc('month', made AT TIME ZONE 'UTC')::date)
        FROM unnest(ARRAY['computational_jobs', 'job_attempts', 'job_steps']) t (name)
      $$;
      """;

  private static final String NETRA =
      """
      CREATE TABLE theirs.users (id SERIAL PRIMARY KEY);
      CREATE TABLE theirs.threads (id UUID PRIMARY KEY);
      CREATE TABLE theirs.runs (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        thread_id UUID REFERENCES theirs.threads (id) ON DELETE SET NULL,
        user_id INTEGER NOT NULL REFERENCES theirs.users (id) ON DELETE CASCADE,
        status VARCHAR(50) NOT NULL DEFAULT 'pending'
          CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
        agent_type VARCHAR(100), input_data JSONB NOT NULL, output_data JSONB, error_message TEXT,
        started_at TIMESTAMPTZ, completed_at TIMESTAMPTZ, created_at TIMESTAMPTZ DEFAULT now(),
        metadata JSONB DEFAULT '{}');
      INSERT INTO theirs.users VALUES (7), (8);
      INSERT INTO theirs.threads VALUES ('7ead0000-0000-4000-8000-000000000000');
      INSERT INTO theirs.runs (id, thread_id, user_id, status, agent_type, input_data, output_data,
        error_message, started_at, completed_at, created_at, metadata)
      VALUES
        ('a0000000-0000-4000-8000-000000000001', NULL, 7, 'pending', NULL, '{"text": "one"}', NULL,
         NULL, NULL, NULL, '2025-03-31 23:59:59.9999Z', NULL),
        ('a0000000-0000-4000-8000-000000000002', '7ead0000-0000-4000-8000-000000000000', 7,
         'processing', 'supervisor', '{"text": "two"}', NULL, NULL, '2025-04-02 10:00:05Z', NULL,
         '2025-04-02 10:00:00Z', '{}'),
        ('a0000000-0000-4000-8000-000000000003', '7ead0000-0000-4000-8000-000000000000', 7,
         'completed', 'optimizer', '{"text": "three"}', '{"text": "cheaper"}', NULL,
         '2025-04-03 10:00:05Z', '2025-04-03 10:02:00.25Z', '2025-04-03 10:00:00Z',
         '{"model": "large"}'),
        ('a0000000-0000-4000-8000-000000000004', NULL, 8, 'failed', 'optimizer',
         '{"text": "four"}', NULL, 'no budget', '2025-04-04 10:00:05Z', '2025-04-04 10:00:06Z',
         '2025-04-04 10:00:00Z', '{}'),
        ('a0000000-0000-4000-8000-000000000005', '7ead0000-0000-4000-8000-000000000000', 8,
         'cancelled', 'supervisor', '{"text": "five"}', NULL, NULL, NULL, '2025-04-05 10:00:06Z',
         '2025-04-05 10:00:00Z', '{}');
      """;

  private static final String NETRA_TAKEN_OVER =
      """
      SELECT theirs.make_room(r.created_at) FROM theirs.runs r;
      CREATE TABLE theirs.ids AS SELECT r.id, theirs.successor(r.id, r.created_at) AS job_id FROM theirs.runs r;
      INSERT INTO plinth.computational_jobs (id, user_id, type, job_version, queue, args, status, priority,
        max_attempts, result, error, created_at, started_at, completed_at, instance_id, epoch, attempt,
        definition, subject, metadata)
      SELECT i.job_id, u.id, 'agent', 1, 'default', r.input_data,
        CASE WHEN r.status IN ('pending', 'processing') THEN 'pending' ELSE r.status END, 0, 10,
        r.output_data, r.error_message, r.created_at, r.started_at,
        CASE WHEN r.status NOT IN ('pending', 'processing')
          THEN coalesce(r.completed_at, r.started_at, r.created_at) END,
        -- Of a completed job the record tells which attempt it was. No instance of ours made it.
        CASE WHEN r.status = 'completed' THEN '00000000-0000-0000-0000-000000000000'::uuid END,
        CASE WHEN r.status = 'completed' THEN 1 END, CASE WHEN r.status = 'completed' THEN 1 END,
        r.agent_type, r.thread_id::text,
        coalesce(r.metadata, '{}') || jsonb_build_object('runId', r.id)
      FROM theirs.runs r
      JOIN theirs.ids i USING (id)
      JOIN plinth.users u ON u.external_id = r.user_id::text;
      INSERT INTO plinth.job_attempts (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome, error)
      SELECT i.job_id, 1, 1, '00000000-0000-0000-0000-000000000000',
        coalesce(r.started_at, r.created_at), coalesce(r.completed_at, r.started_at, r.created_at),
        'failed', r.error_message
      FROM theirs.runs r JOIN theirs.ids i USING (id) WHERE r.status = 'failed';
      -- Whoever worked on it is gone: it waits for an instance of ours.
      INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version, epoch, attempt)
      SELECT i.job_id, 'default', 0, 'agent', 1, CASE r.status WHEN 'processing' THEN 1 ELSE 0 END, 1
      FROM theirs.runs r JOIN theirs.ids i USING (id)
      WHERE r.status IN ('pending', 'processing') ORDER BY r.created_at;
      """;

  private static final String JOBSPRINT =
      """
      CREATE TABLE theirs.users (id UUID PRIMARY KEY);
      CREATE TABLE theirs.workflows (id UUID PRIMARY KEY);
      CREATE TABLE theirs.executions (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        workflow_id UUID NOT NULL REFERENCES theirs.workflows (id) ON DELETE CASCADE,
        user_id UUID NOT NULL REFERENCES theirs.users (id) ON DELETE CASCADE,
        status VARCHAR(50) NOT NULL
          CHECK (status IN ('pending', 'running', 'success', 'failed', 'cancelled')),
        trigger_type VARCHAR(50) NOT NULL, input_data JSONB, output_data JSONB, error_message TEXT,
        started_at TIMESTAMPTZ DEFAULT now(), completed_at TIMESTAMPTZ, duration_ms INTEGER,
        execution_metadata JSONB DEFAULT '{}', retry_count INTEGER DEFAULT 0,
        max_retries INTEGER DEFAULT 3);
      CREATE TABLE theirs.execution_nodes (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        execution_id UUID NOT NULL REFERENCES theirs.executions (id) ON DELETE CASCADE,
        node_id VARCHAR(100) NOT NULL, node_name VARCHAR(255) NOT NULL, node_type VARCHAR(100) NOT NULL,
        status VARCHAR(50) NOT NULL, started_at TIMESTAMPTZ, completed_at TIMESTAMPTZ, duration_ms INTEGER,
        input_data JSONB, output_data JSONB, error_message TEXT, retry_count INTEGER DEFAULT 0,
        UNIQUE (execution_id, node_id));
      INSERT INTO theirs.users VALUES ('ada00000-0000-4000-8000-000000000000');
      INSERT INTO theirs.workflows VALUES ('f1000000-0000-4000-8000-000000000000');
      INSERT INTO theirs.executions (id, workflow_id, user_id, status, trigger_type, input_data, output_data,
        error_message, started_at, completed_at, duration_ms, execution_metadata, retry_count, max_retries)
      SELECT ('e0000000-0000-4000-8000-00000000000' || n)::uuid, 'f1000000-0000-4000-8000-000000000000',
        'ada00000-0000-4000-8000-000000000000', status, trigger_type, input::jsonb, output::jsonb, error,
        started_at::timestamptz, started_at::timestamptz + ms * interval '1 millisecond', ms, metadata::jsonb,
        retries, most
      FROM (VALUES
        (1, 'success', 'scheduled', '{"text": "mail"}', '{"text": "sent"}', NULL,
         '2025-05-01 08:00:00Z', 61500, '{"region": "eu"}', 1, 3),
        (2, 'failed', 'webhook', '{"text": "hook"}', NULL, 'no route to host',
         '2025-05-02 08:00:00Z', 2000, '{}', 2, 2),
        (3, 'cancelled', 'manual', NULL, NULL, NULL, '2025-05-03 08:00:00Z', 700, NULL, 0, 3),
        (4, 'running', 'api', '{"text": "call"}', NULL, NULL, '2025-05-04 08:00:00Z', NULL, '{}', 0, 3),
        (5, 'pending', 'manual', '{"text": "click"}', NULL, NULL, '2025-05-05 08:00:00Z', NULL, '{}', 0, 3),
        (6, 'pending', 'api', '{"text": "again"}', NULL, 'timed out', '2025-05-06 08:00:00Z', NULL, '{}', 1, 5))
        e (n, status, trigger_type, input, output, error, started_at, ms, metadata, retries, most);
      INSERT INTO theirs.execution_nodes (id, execution_id, node_id, node_name, node_type, status, started_at,
        completed_at, duration_ms, input_data, output_data, error_message, retry_count)
      SELECT ('d0000000-0000-4000-8000-0000000000' || e || row_number() OVER (PARTITION BY e ORDER BY started_at))::uuid,
        ('e0000000-0000-4000-8000-00000000000' || e)::uuid, node_id, initcap(node_id) || ' it', type, status,
        started_at::timestamptz, completed_at::timestamptz, ms, input::jsonb, output::jsonb, error, retries
      FROM (VALUES
        (1, 'fetch', 'http', 'success', '2025-05-01 08:00:01Z', '2025-05-01 08:00:02.5Z', 1500,
         '{"text": "where"}', '{"text": "there"}', 'reset by peer', 2),
        (1, 'reply', 'ai', 'success', '2025-05-01 08:00:03Z', NULL, 58250, NULL, '{"text": "sent"}', NULL, 0),
        (2, 'fetch', 'http', 'success', '2025-05-02 08:00:00Z', '2025-05-02 08:00:01Z', 1000, NULL,
         '{"text": "there"}', NULL, 0),
        (2, 'reply', 'ai', 'failed', '2025-05-02 08:00:01Z', '2025-05-02 08:00:02Z', 1000, NULL, NULL,
         'no route to host', 2),
        (3, 'fetch', 'http', 'cancelled', '2025-05-03 08:00:00Z', '2025-05-03 08:00:00.7Z', 700, NULL, NULL,
         NULL, 0),
        (4, 'fetch', 'http', 'success', '2025-05-04 08:00:01Z', '2025-05-04 08:00:02Z', 1000, NULL,
         '{"text": "kept"}', NULL, 0),
        (4, 'reply', 'ai', 'running', '2025-05-04 08:00:03Z', NULL, NULL, '{"text": "ask"}', NULL, NULL, 1),
        (5, 'fetch', 'http', 'pending', NULL, NULL, NULL, '{"text": "later"}', NULL, NULL, 0))
        n (e, node_id, type, status, started_at, completed_at, ms, input, output, error, retries);
      """;

  private static final String JOBSPRINT_TAKEN_OVER =
      """
      SELECT theirs.make_room(e.started_at) FROM theirs.executions e;
      CREATE TABLE theirs.ids AS
      SELECT e.id, theirs.successor(e.id, e.started_at) AS job_id, coalesce(e.retry_count, 0) + 1 AS attempt
      FROM theirs.executions e;
      INSERT INTO plinth.computational_jobs (id, user_id, type, job_version, queue, args, status, priority,
        error_recovery_attempts, max_attempts, result, error, created_at, started_at, completed_at, instance_id,
        epoch, attempt, definition, trigger_type, metadata)
      SELECT i.job_id, u.id, 'workflow', 1, 'default', coalesce(e.input_data, 'null'),
        CASE e.status WHEN 'success' THEN 'completed' WHEN 'running' THEN 'pending' ELSE e.status END, 0,
        coalesce(e.retry_count, 0), coalesce(e.max_retries, 3) + 1, e.output_data, e.error_message,
        e.started_at, e.started_at,
        CASE WHEN e.status NOT IN ('pending', 'running') THEN coalesce(
          e.completed_at, e.started_at + coalesce(e.duration_ms, 0) * interval '1 millisecond') END,
        CASE WHEN e.status = 'success' THEN '00000000-0000-0000-0000-000000000000'::uuid END,
        CASE WHEN e.status = 'success' THEN i.attempt END, CASE WHEN e.status = 'success' THEN i.attempt END,
        e.workflow_id::text, CASE e.trigger_type WHEN 'scheduled' THEN 'schedule' ELSE e.trigger_type END,
        coalesce(e.execution_metadata, '{}') || jsonb_build_object('executionId', e.id, 'nodes', (
          -- A node that has not begun is no step yet; of the others only the id has no column.
          SELECT coalesce(jsonb_object_agg(n.node_id, CASE n.status
            WHEN 'pending' THEN to_jsonb(n) ELSE jsonb_build_object('id', n.id) END), '{}')
          FROM theirs.execution_nodes n WHERE n.execution_id = e.id))
      FROM theirs.executions e
      JOIN theirs.ids i USING (id)
      JOIN plinth.users u ON u.external_id = e.user_id::text;
      INSERT INTO plinth.job_attempts (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome, error)
      SELECT i.job_id, i.attempt, i.attempt, '00000000-0000-0000-0000-000000000000', e.started_at,
        coalesce(e.completed_at, e.started_at), 'failed', e.error_message
      FROM theirs.executions e JOIN theirs.ids i USING (id) WHERE e.status = 'failed';
      INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version, epoch, attempt)
      SELECT i.job_id, 'default', 0, 'workflow', 1, CASE e.status WHEN 'running' THEN i.attempt ELSE 0 END,
        i.attempt
      FROM theirs.executions e JOIN theirs.ids i USING (id)
      WHERE e.status = 'running' OR (e.status = 'pending' AND i.attempt = 1) ORDER BY e.started_at;
      INSERT INTO plinth.job_delayed (job_id, run_at, queue, priority, type, job_version, epoch, attempt)
      SELECT i.job_id, now(), 'default', 0, 'workflow', 1, i.attempt - 1, i.attempt
      FROM theirs.executions e JOIN theirs.ids i USING (id)
      WHERE e.status = 'pending' AND i.attempt > 1;
      INSERT INTO plinth.job_steps (job_id, name, label, type, status, epoch, attempt, retries, input, output,
        error, created_at, started_at, completed_at)
      SELECT i.job_id, n.node_id, n.node_name, n.node_type,
        CASE n.status WHEN 'success' THEN 'completed' WHEN 'running' THEN 'running' ELSE 'failed' END,
        i.attempt, i.attempt, coalesce(n.retry_count, 0), n.input_data, n.output_data,
        coalesce(n.error_message, CASE n.status WHEN 'cancelled' THEN 'cancelled' END),
        t.started_at, t.started_at,
        CASE WHEN n.status <> 'running' THEN coalesce(
          n.completed_at, t.started_at + coalesce(n.duration_ms, 0) * interval '1 millisecond') END
      FROM theirs.execution_nodes n
      JOIN theirs.executions e ON e.id = n.execution_id
      JOIN theirs.ids i ON i.id = n.execution_id
      CROSS JOIN LATERAL (SELECT coalesce(n.started_at,
        n.completed_at - n.duration_ms * interval '1 millisecond', e.started_at) AS started_at) t
      WHERE n.status <> 'pending';
      """;

  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void inject(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private void takeOver(String tables, String statements) {
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), BEFORE + tables);
          Sql.execute(tx.connection(), statements);
        });
    assertThat(jobs.check()).isEmpty();
  }

  /** The successor of their run. */
  private Job job(String theirs) {
    UUID id =
        plinth.transactReturning(
            tx ->
                Sql.query(
                        tx.connection(),
                        "SELECT job_id FROM theirs.ids WHERE id = ?::uuid",
                        row -> row.getObject(1, UUID.class),
                        theirs)
                    .get(0));
    return jobs.find(new JobId(id)).orElseThrow();
  }

  private Job run(int number) {
    return job("a0000000-0000-4000-8000-00000000000" + number);
  }

  private Job execution(int number) {
    return job("e0000000-0000-4000-8000-00000000000" + number);
  }

  private Map<?, ?> metadata(Job job) {
    return (Map<?, ?>) plinth.json().read(job.metadata(), Object.class);
  }

  private List<JobId> ids(JobFilter filter) {
    return jobs.list(filter, Page.first(10)).stream().map(Job::id).toList();
  }

  @Test
  void netrasRuns_takenOver_areAllThere() {
    UUID seven = plinth.users().create(NewUser.withExternalId("7")).id();
    UUID eight = plinth.users().create(NewUser.withExternalId("8")).id();

    takeOver(NETRA, NETRA_TAKEN_OVER);

    assertThat(List.of(run(1), run(2), run(3), run(4), run(5)))
        .extracting(Job::status, Job::userId, Job::definition, Job::subject)
        .containsExactly(
            tuple(JobStatus.READY, seven, null, null),
            tuple(JobStatus.READY, seven, "supervisor", THREAD.toString()),
            tuple(JobStatus.COMPLETED, seven, "optimizer", THREAD.toString()),
            tuple(JobStatus.FAILED, eight, "optimizer", null),
            tuple(JobStatus.CANCELLED, eight, "supervisor", THREAD.toString()));
    assertThat(run(1).createdAt()).isEqualTo(Instant.parse("2025-03-31T23:59:59.999900Z"));
    assertThat(run(1).startedAt()).isNull();
    assertThat(run(2).startedAt()).isEqualTo(Instant.parse("2025-04-02T10:00:05Z"));
    Job completed = run(3);
    assertThat(completed.args()).isEqualTo(Json.of("{\"text\": \"three\"}"));
    assertThat(completed.result()).isEqualTo(Json.of("{\"text\": \"cheaper\"}"));
    assertThat(completed.error()).isNull();
    assertThat(completed.createdAt()).isEqualTo(Instant.parse("2025-04-03T10:00:00Z"));
    assertThat(completed.startedAt()).isEqualTo(Instant.parse("2025-04-03T10:00:05Z"));
    assertThat(completed.completedAt()).isEqualTo(Instant.parse("2025-04-03T10:02:00.250Z"));
    assertThat(metadata(completed))
        .isEqualTo(Map.of("model", "large", "runId", "a0000000-0000-4000-8000-000000000003"));
    assertThat(run(4).error()).isEqualTo("no budget");
    assertThat(jobs.attempts(run(4).id()))
        .extracting(Attempt::outcome, Attempt::error, Attempt::endedAt)
        .containsExactly(
            tuple(Attempt.Outcome.FAILED, "no budget", Instant.parse("2025-04-04T10:00:06Z")));
    assertThat(run(5).completedAt()).isEqualTo(Instant.parse("2025-04-05T10:00:06Z"));

    assertThat(ids(JobFilter.all().definition("optimizer")))
        .containsExactly(run(4).id(), run(3).id());
    assertThat(ids(JobFilter.all().subject(THREAD.toString())))
        .containsExactly(run(5).id(), run(3).id(), run(2).id());
    assertThat(ids(JobFilter.all().user(eight).status(JobStatus.FAILED)))
        .containsExactly(run(4).id());
  }

  @Test
  void netrasRuns_thatHadNotEnded_goOn() throws Exception {
    plinth.users().create(NewUser.withExternalId("7"));
    plinth.users().create(NewUser.withExternalId("8"));
    takeOver(NETRA, NETRA_TAKEN_OVER);
    CountDownLatch goOn = new CountDownLatch(1);

    try (Jobs running =
        Jobs.builder(plinth)
            .handle(
                AGENT,
                (args, run) -> {
                  goOn.await();
                  return new Data(args.text() + " done");
                })
            .workers(2)
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      running.start();
      await().until(() -> run(1).status() == JobStatus.RUNNING);
      await().until(() -> run(2).status() == JobStatus.RUNNING);
      goOn.countDown();
      await().until(() -> run(1).completedAt() != null && run(2).completedAt() != null);
    }

    assertThat(run(1).result()).isEqualTo(Json.of("{\"text\": \"one done\"}"));
    assertThat(run(2).result()).isEqualTo(Json.of("{\"text\": \"two done\"}"));
    assertThat(run(2).metadata()).isNotNull();
  }

  @Test
  void jobsprintsExecutions_takenOver_areAllThere() {
    UUID ada = plinth.users().create(NewUser.withExternalId(ADA.toString())).id();

    takeOver(JOBSPRINT, JOBSPRINT_TAKEN_OVER);

    assertThat(ids(JobFilter.all().definition(FLOW.toString()).user(ada))).hasSize(6);
    assertThat(
            List.of(
                execution(1), execution(2), execution(3), execution(4), execution(5), execution(6)))
        .extracting(
            Job::status,
            Job::trigger,
            Job::errorRecoveryAttempts,
            job -> job.maxAttempts() - 1,
            job -> job.args().text(),
            Job::error)
        .containsExactly(
            tuple(JobStatus.COMPLETED, "schedule", 1, 3, "{\"text\": \"mail\"}", null),
            tuple(JobStatus.FAILED, "webhook", 2, 2, "{\"text\": \"hook\"}", "no route to host"),
            tuple(JobStatus.CANCELLED, "manual", 0, 3, "null", null),
            tuple(JobStatus.READY, "api", 0, 3, "{\"text\": \"call\"}", null),
            tuple(JobStatus.READY, "manual", 0, 3, "{\"text\": \"click\"}", null),
            tuple(JobStatus.RETRYING, "api", 1, 5, "{\"text\": \"again\"}", "timed out"));
    Job success = execution(1);
    assertThat(success.result()).isEqualTo(Json.of("{\"text\": \"sent\"}"));
    assertThat(success.startedAt()).isEqualTo(Instant.parse("2025-05-01T08:00:00Z"));
    assertThat(success.completedAt()).isEqualTo(Instant.parse("2025-05-01T08:01:01.500Z"));
    assertThat(Duration.between(success.startedAt(), success.completedAt())).hasMillis(61_500);
    assertThat(metadata(success).get("region")).isEqualTo("eu");
    assertThat(metadata(success).get("executionId"))
        .isEqualTo("e0000000-0000-4000-8000-000000000001");
    assertThat(jobs.attempts(success.id()))
        .extracting(Attempt::number, Attempt::outcome)
        .containsExactly(tuple(2, Attempt.Outcome.COMPLETED));
    assertThat(jobs.attempts(execution(2).id()))
        .extracting(Attempt::number, Attempt::outcome, Attempt::error)
        .containsExactly(tuple(3, Attempt.Outcome.FAILED, "no route to host"));
  }

  @Test
  void jobsprintsNodes_takenOver_areStepsOnceInARun() {
    plinth.users().create(NewUser.withExternalId(ADA.toString()));

    takeOver(JOBSPRINT, JOBSPRINT_TAKEN_OVER);

    List<JobStep> steps = jobs.steps(execution(1).id());
    assertThat(steps)
        .extracting(
            JobStep::name,
            JobStep::label,
            JobStep::type,
            JobStep::status,
            JobStep::retries,
            JobStep::input,
            JobStep::output,
            JobStep::error,
            step -> step.duration().orElseThrow().toMillis())
        .containsExactly(
            tuple(
                "fetch",
                "Fetch it",
                "http",
                JobStep.Status.COMPLETED,
                2,
                Json.of("{\"text\": \"where\"}"),
                Json.of("{\"text\": \"there\"}"),
                "reset by peer",
                1_500L),
            tuple(
                "reply",
                "Reply it",
                "ai",
                JobStep.Status.COMPLETED,
                0,
                null,
                Json.of("{\"text\": \"sent\"}"),
                null,
                58_250L));
    assertThat(steps.get(0).startedAt()).isEqualTo(Instant.parse("2025-05-01T08:00:01Z"));
    assertThat(steps.get(0).completedAt()).isEqualTo(Instant.parse("2025-05-01T08:00:02.500Z"));
    assertThat(jobs.steps(execution(2).id()))
        .extracting(JobStep::name, JobStep::status, JobStep::error, JobStep::retries)
        .containsExactly(
            tuple("fetch", JobStep.Status.COMPLETED, null, 0),
            tuple("reply", JobStep.Status.FAILED, "no route to host", 2));
    assertThat(jobs.steps(execution(3).id()))
        .extracting(JobStep::status, JobStep::error, step -> step.duration().orElseThrow())
        .containsExactly(tuple(JobStep.Status.FAILED, "cancelled", Duration.ofMillis(700)));
    assertThat(jobs.steps(execution(4).id()))
        .extracting(JobStep::name, JobStep::status, JobStep::retries)
        .containsExactly(
            tuple("fetch", JobStep.Status.COMPLETED, 0),
            tuple("reply", JobStep.Status.INTERRUPTED, 1));
    // One that has not begun stays with the run.
    assertThat(jobs.steps(execution(5).id())).isEmpty();
    assertThat(metadata(execution(5)).get("nodes"))
        .extracting("fetch")
        .extracting("node_name", "node_type", "status", "input_data")
        .containsExactly("Fetch it", "http", "pending", Map.of("text", "later"));
    assertThat(metadata(execution(1)).get("nodes"))
        .extracting("reply")
        .extracting("id")
        .isEqualTo("d0000000-0000-4000-8000-000000000012");

    UUID id = execution(1).id().value();
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx ->
                        Sql.update(
                            tx.connection(),
                            "INSERT INTO plinth.job_steps SELECT * FROM plinth.job_steps"
                                + " WHERE job_id = ? AND name = 'fetch'",
                            id)))
        .hasStackTraceContaining("job_steps_p202505_pkey");
  }

  @Test
  void jobsprintsExecutions_thatHadNotEnded_goOnWithoutTheNodesThatHad() {
    plinth.users().create(NewUser.withExternalId(ADA.toString()));
    takeOver(JOBSPRINT, JOBSPRINT_TAKEN_OVER);
    ConcurrentLinkedQueue<String> bodies = new ConcurrentLinkedQueue<>();

    try (Jobs running =
        Jobs.builder(plinth)
            .handle(
                WORKFLOW,
                (args, run) -> {
                  Data fetched =
                      run.step(
                          "fetch",
                          Data.class,
                          () -> {
                            bodies.add(args.text() + ": fetch");
                            return new Data("new");
                          });
                  return run.step(
                      "reply",
                      Data.class,
                      () -> {
                        bodies.add(args.text() + ": reply to " + fetched.text());
                        return new Data("replied");
                      });
                })
            .workers(2)
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      running.start();
      await()
          .until(
              () ->
                  List.of(execution(4), execution(5), execution(6)).stream()
                      .allMatch(job -> job.status() == JobStatus.COMPLETED));
    }

    assertThat(bodies)
        .containsExactlyInAnyOrder(
            "call: reply to kept",
            "click: fetch",
            "click: reply to new",
            "again: fetch",
            "again: reply to new");
    assertThat(jobs.steps(execution(4).id()))
        .extracting(JobStep::name, JobStep::status, JobStep::retries)
        .containsExactly(
            tuple("fetch", JobStep.Status.COMPLETED, 0),
            tuple("reply", JobStep.Status.COMPLETED, 2));
    assertThat(execution(4).result()).isEqualTo(Json.of("{\"text\": \"replied\"}"));
    assertThat(jobs.attempts(execution(6).id())).extracting(Attempt::number).containsExactly(2);
  }
}

package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Page;
import dev.plinth.test.PlinthTest;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A page of a list costs what the page has, over several filled partitions. */
@PlinthTest
class ListPlanTest {
  private static final int ROWS = 30_000;
  private static final Set<JobStatus> HOT =
      EnumSet.complementOf(EnumSet.of(JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED));

  /** Over the partitions there are, which are those of this month and the next ones. */
  private static final String FILL =
      """
      WITH months AS (
        SELECT row_number() OVER (ORDER BY i.inhrelid) - 1 AS month
        FROM pg_inherits i
        WHERE i.inhparent = 'plinth.computational_jobs'::regclass
      ), times AS (
        SELECT g.i, extract(epoch FROM date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
            + make_interval(months => m.month::int, secs => g.i * 60))::bigint * 1000 AS ms
        FROM months m, generate_series(1, ?) AS g(i)
      ), ids AS (
        SELECT t.i, (lpad(to_hex(t.ms), 12, '0') || '7000' || '8000' || lpad(to_hex(t.i), 12, '0'))::uuid AS id
        FROM times t
      )
      INSERT INTO plinth.computational_jobs
        (id, user_id, type, job_version, queue, args, status, priority, parent_job_id, batch_id,
         max_attempts, definition, subject, trigger_type, created_at, completed_at)
      SELECT i.id,
             CASE WHEN i.i % 2 = 0 THEN ?::uuid ELSE ?::uuid END,
             'type-' || i.i % 7, 1, 'default', '{}',
             CASE i.i % 100 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' WHEN 2 THEN 'cancelled' ELSE 'completed' END,
             0, lpad(to_hex(i.i % 200), 32, '0')::uuid, lpad(to_hex(i.i % 200), 32, '0')::uuid, 1,
             'definition-' || i.i % 200, 'subject-' || i.i % 200, 'trigger-' || i.i % 4, now(),
             CASE WHEN i.i % 100 <> 1 THEN now() END
      FROM ids i
      """;

  private static final String PLACES =
      """
      INSERT INTO plinth.job_attempts
        (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
      SELECT id, 1, 1, gen_random_uuid(), now(), now(), status
      FROM plinth.computational_jobs
      WHERE status IN ('completed', 'failed');
      INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version)
      SELECT id, queue, priority, type, job_version
      FROM plinth.computational_jobs
      WHERE status = 'pending';
      ANALYZE plinth.computational_jobs;
      ANALYZE plinth.job_attempts;
      ANALYZE plinth.job_ready;
      """;

  @Test
  void list_byAnything_readsNoPartitionAsAWholeAndSortsNone(Plinth plinth) {
    UUID ada = plinth.users().create(NewUser.withExternalId("ada")).id();
    UUID bob = plinth.users().create(NewUser.withExternalId("bob")).id();
    plinth.transact(
        tx -> {
          Sql.update(tx.connection(), FILL, ROWS, ada, bob);
          Sql.execute(tx.connection(), PLACES);
        });
    ReadJobs read = new ReadJobs(plinth.schema());
    Map<String, JobFilter> filters = new LinkedHashMap<>();
    filters.put("all", JobFilter.all());
    filters.put("user", JobFilter.all().user(ada));
    filters.put("type", JobFilter.all().type(JobType.of("type-3", Object.class)));
    filters.put("definition", JobFilter.all().definition("definition-17"));
    filters.put("subject", JobFilter.all().subject("subject-17"));
    filters.put("trigger", JobFilter.all().trigger("trigger-1"));
    filters.put("unknown trigger", JobFilter.all().trigger("never"));
    filters.put("batch", JobFilter.all().batch(new BatchId(new UUID(0, 17))));
    filters.put("parent", JobFilter.all().parent(new JobId(new UUID(0, 17))));
    filters.put(
        "definition and status",
        JobFilter.all().definition("definition-17").status(JobStatus.FAILED));
    filters.put(
        "user and trigger and status",
        JobFilter.all().user(ada).trigger("trigger-2").status(JobStatus.COMPLETED));
    filters.put(
        "type and status",
        JobFilter.all().type(JobType.of("type-3", Object.class)).status(JobStatus.FAILED));
    for (JobStatus status : JobStatus.values()) {
      filters.put("status " + status, JobFilter.all().status(status));
    }

    plinth.transact(
        tx ->
            filters.forEach(
                (name, filter) -> {
                  for (String mode : new String[] {"force_custom_plan", "force_generic_plan"}) {
                    Sql.execute(tx.connection(), "SET LOCAL plan_cache_mode = " + mode);
                    String plan = plan(tx, read.listing(tx, filter, Page.first(50)));
                    assertThat(plan)
                        .as("%s, %s", name, mode)
                        .contains("computational_jobs_p")
                        .doesNotContain("Seq Scan on computational_jobs_p");
                    if (!isFew(filter)) {
                      assertThat(plan).as("%s, %s", name, mode).doesNotContain("Sort Key");
                    }
                  }
                }));
  }

  /** What is found from small tables, or is but some rows among those of another filter. */
  private static boolean isFew(JobFilter filter) {
    return filter.equals(JobFilter.all().trigger("never"))
        || filter.definition() != null && filter.status() != null
        || filter.status() != null && HOT.contains(filter.status());
  }

  private static String plan(Tx tx, ReadJobs.Listing listing) {
    return String.join(
        "\n",
        Sql.query(
            tx.connection(),
            "EXPLAIN " + listing.sql(),
            row -> row.getString(1),
            listing.parameters()));
  }
}

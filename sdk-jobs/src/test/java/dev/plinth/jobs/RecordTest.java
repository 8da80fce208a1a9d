package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.jobs.Kinds.Square;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The record of jobs is written few times, and no index has to be when it is. */
@PlinthTest
class RecordTest {
  private static final JobType<Number> HOPELESS =
      JobType.of("hopeless", Number.class).withRetryPolicy(RetryPolicy.never());

  private static final String CHANGED =
      """
      SELECT DISTINCT a.key
      FROM before b
      JOIN plinth.computational_jobs j USING (id)
      CROSS JOIN LATERAL jsonb_each(to_jsonb(j)) a
      WHERE a.value IS DISTINCT FROM to_jsonb(b) -> a.key
      """;

  /** Of the table and of every partition; also those of expressions and conditions. */
  private static final String INDEXED =
      """
      WITH indexes AS (
        SELECT i.indexrelid, i.indrelid, i.indkey
        FROM pg_partition_tree('plinth.computational_jobs') t
        JOIN pg_index i ON i.indrelid = t.relid
      )
      SELECT a.attname
      FROM indexes i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      UNION
      SELECT a.attname
      FROM indexes i
      JOIN pg_depend d
        ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
      """;

  private static final String METHODS =
      """
      SELECT DISTINCT m.amname
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_am m ON m.oid = c.relam
      WHERE c.relnamespace = 'plinth'::regnamespace
      """;

  private static Jobs runner(Plinth plinth) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(
                Kinds.SQUARE,
                (args, run) -> {
                  run.progress(args.value(), 10, "squaring");
                  return new Square(args.value(), (long) args.value() * args.value());
                })
            .handle(
                HOPELESS,
                (args, run) -> {
                  throw new IllegalStateException("no");
                })
            .handle(
                Kinds.FLAKY,
                (args, run) -> {
                  throw new IllegalStateException("not now");
                })
            .workers(8)
            .pollInterval(Duration.ofMillis(20))
            .build();
    jobs.start();
    return jobs;
  }

  private static List<String> strings(Plinth plinth, String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }

  @Test
  void columnsThatTheEndOfAnAttemptChanges_areInNoIndex(Plinth plinth, Jobs inspect) {
    List<JobId> ids = new ArrayList<>();
    Unique unique = Unique.byKey("k");
    ids.add(inspect.enqueue(Kinds.SQUARE, new Number(7), JobOptions.defaults().unique(unique)));
    ids.add(inspect.enqueue(HOPELESS, new Number(1)));
    ids.add(inspect.enqueue(Kinds.FLAKY, new Number(1)));
    ids.add(inspect.enqueue(Kinds.OTHER, new Number(1)));
    plinth.transact(
        tx ->
            Sql.execute(tx.connection(), "CREATE TABLE before AS TABLE plinth.computational_jobs"));
    try (Jobs jobs = runner(plinth)) {
      jobs.cancel(ids.get(3));
      await()
          .untilAsserted(
              () ->
                  assertThat(ids)
                      .extracting(id -> jobs.find(id).orElseThrow().status())
                      .containsExactly(
                          JobStatus.COMPLETED,
                          JobStatus.FAILED,
                          JobStatus.RETRYING,
                          JobStatus.CANCELLED));
    }
    List<String> changed = strings(plinth, CHANGED);
    assertThat(changed)
        .contains("status", "started_at", "completed_at", "result", "error", "epoch", "attempt")
        .contains("instance_id", "progress_done", "error_recovery_attempts");

    List<String> indexed = strings(plinth, INDEXED);
    assertThat(indexed).contains("id", "user_id", "batch_id");
    assertThat(indexed).doesNotContainAnyElementsOf(changed);
    assertThat(strings(plinth, METHODS)).contains("btree").doesNotContain("gin");
    assertThat(inspect.check()).isEmpty();
  }

  @Test
  void jobsThatComplete_areWrittenOnceEach_withoutTouchingAnIndex(TestDatabase database)
      throws Exception {
    int count = 600;
    CountDownLatch left = new CountDownLatch(count);
    try (HikariDataSource pool = database.pool(4);
        Plinth plinth = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(plinth)
                .handle(Kinds.PLAIN, (args, run) -> left.countDown())
                .workers(8)
                .gracePeriod(Duration.ofSeconds(30))
                .build()) {
      jobs.enqueueAll(
          Kinds.PLAIN,
          IntStream.range(0, count).mapToObj(Number::new).toList(),
          JobOptions.defaults());
      jobs.start();
      left.await();
    }
    assertThat(updates(database, "n_tup_upd")).isEqualTo(count);
    assertThat(updates(database, "n_tup_hot_upd")).isGreaterThanOrEqualTo(count * 9 / 10);
  }

  private static long updates(TestDatabase database, String counter) throws SQLException {
    return Counters.of(database, "computational_jobs", counter);
  }

  @Test
  void progressReportedAllTheTime_isWrittenFourTimesASecond(TestDatabase database)
      throws Exception {
    long nanos = Duration.ofMillis(1_200).toNanos();
    CountDownLatch over = new CountDownLatch(1);
    long[] reported = new long[2];
    JobId id;
    try (HikariDataSource pool = database.pool(4);
        Plinth plinth = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(plinth)
                .handle(
                    Kinds.PLAIN,
                    (args, run) -> {
                      long begun = System.nanoTime();
                      while (System.nanoTime() - begun < nanos || reported[0] < 5_000) {
                        run.progress(++reported[0], 1_000_000_000, null);
                      }
                      reported[1] = System.nanoTime() - begun;
                      over.countDown();
                    })
                .gracePeriod(Duration.ofSeconds(30))
                .build()) {
      id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      jobs.start();
      over.await();
    }
    long writes = Counters.of(database, "job_progress", "n_tup_ins + n_tup_upd");
    assertThat(reported[0]).isGreaterThanOrEqualTo(5_000);
    assertThat(writes).isBetween(2L, 1 + reported[1] / 250_000_000);
    try (HikariDataSource pool = database.pool(1);
        Plinth plinth = database.plinth(pool).build()) {
      Job job = Jobs.create(plinth).find(id).orElseThrow();
      assertThat(job.status()).isEqualTo(JobStatus.COMPLETED);
      assertThat(job.progress().done()).isEqualTo(reported[0]);
    }
  }
}

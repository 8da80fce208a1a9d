package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How many jobs of a queue start in a time. */
@PlinthTest
class RateLimitTest {
  private final List<Jobs> running = new ArrayList<>();
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
    running.forEach(Jobs::close);
  }

  private void startNodes(TestNodes nodes) {
    for (int i = 0; i < 3; i++) {
      Jobs node =
          Jobs.builder(nodes.start("node-" + i).plinth())
              .handle(Kinds.PLAIN, (args, run) -> {})
              .workers(8)
              .pollInterval(Duration.ofMillis(50))
              .build();
      node.start();
      running.add(node);
    }
  }

  private void enqueue(int count) {
    jobs.enqueueAll(
        Kinds.PLAIN,
        IntStream.range(0, count).mapToObj(Number::new).toList(),
        JobOptions.defaults());
  }

  private long completed() {
    return AtWork.number(
        plinth, "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'completed'");
  }

  /** Exactly so many have started, and nothing that was let through is left. */
  private void awaitCompleted(int count) {
    await()
        .until(
            () ->
                completed() == count
                    && AtWork.number(plinth, "SELECT max(unclaimed) FROM plinth.job_queue_turns")
                        == 0);
    await()
        .during(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(completed()).isEqualTo(count));
  }

  @Test
  void tokens_comeWithTheDatabasesClockAndAreCappedByTheBurst(
      TestNodes nodes, SettableClock clock) {
    jobs.limits().set(Limit.queue("default").rate(new Limit.Rate(10, Duration.ofHours(1), 3)));
    startNodes(nodes);
    enqueue(20);

    awaitCompleted(3);
    clock.advance(Duration.ofMinutes(7));
    awaitCompleted(4);
    clock.advance(Duration.ofMinutes(13));
    awaitCompleted(6);
    // Not the thirty that a day would bring.
    clock.advance(Duration.ofDays(1));
    awaitCompleted(9);
  }

  @Test
  void startsInAnyStretch_areAtMostTheRateAndTheBurst(TestNodes nodes) {
    int perSecond = 40;
    int burst = 5;
    jobs.limits()
        .set(Limit.queue("default").rate(new Limit.Rate(perSecond, Duration.ofSeconds(1), burst)));
    startNodes(nodes);
    enqueue(100);
    await().until(() -> completed() == 100);

    List<Instant> starts =
        plinth.transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    "SELECT started_at FROM plinth.computational_jobs ORDER BY started_at",
                    row -> Objects.requireNonNull(Sql.instant(row, "started_at"))));
    for (int from = 0; from < starts.size(); from++) {
      for (int to = from; to < starts.size(); to++) {
        double seconds = Duration.between(starts.get(from), starts.get(to)).toNanos() / 1e9;
        // A claim is dated when its statement arrives, which is before it sees what was let
        // through: on a busy machine by some more than nothing.
        assertThat((double) (to - from + 1))
            .isLessThanOrEqualTo(burst + perSecond * (seconds + 0.25));
      }
    }
    // Without the rate they would all have started at once.
    assertThat(Duration.between(starts.get(0), starts.get(99)))
        .isGreaterThan(Duration.ofMillis(2_000));
  }
}

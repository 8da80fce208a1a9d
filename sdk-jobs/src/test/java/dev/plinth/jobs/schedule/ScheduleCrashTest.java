package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Processes that fire schedules are killed while they do. */
@Tag("proof")
@PlinthTest(durable = true)
class ScheduleCrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int SCHEDULES = 20;
  private static final Duration MINUTE = Duration.ofMinutes(1);

  static final JobType<Occurrence> TOLD = JobType.of("told", Occurrence.class);

  /** Fires until it is killed; what it fires runs nowhere. */
  static final class Node {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth =
          database.plinth(database.pool(5)).instanceTimeToLive(Duration.ofSeconds(1)).build();
      start(plinth);
      ForkedJvm.report("started");
      new CountDownLatch(1).await();
    }
  }

  private static Jobs start(Plinth plinth) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(JobType.of("other", String.class), (args, run) -> {})
            .pollInterval(Duration.ofMillis(20))
            .build();
    jobs.start();
    return jobs;
  }

  private static List<String> fired(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT definition || ' ' || (metadata ->> 'dueAt') FROM plinth.computational_jobs",
                row -> row.getString(1)));
  }

  @Test
  void nodesKilledAroundTheFire_everyDueTimeIsFiredOnce(
      Plinth plinth, TestDatabase database, SettableClock clock, Jobs inspect) {
    int kills = LARGE ? 40 : 6;
    List<String> expected = new ArrayList<>();
    // A slow machine takes minutes, and what is due in these is fired too.
    List<String> later = new ArrayList<>();
    for (int i = 0; i < SCHEDULES; i++) {
      String name = "s" + i;
      inspect
          .schedules()
          .put(NewSchedule.of(name, new Every(MINUTE), TOLD).missed(Missed.upTo(1_000)));
      List<Instant> due = inspect.schedules().nextRuns(name, kills + 100);
      due.subList(0, kills).forEach(time -> expected.add(name + " " + time));
      due.subList(kills, due.size()).forEach(time -> later.add(name + " " + time));
    }
    Random random = new Random(20261129);
    for (int kill = 0; kill < kills; kill++) {
      int before = fired(plinth).size();
      try (ForkedJvm node = ForkedJvm.start(Node.class, database.url())) {
        node.await("started");
        clock.advance(MINUTE);
        if (random.nextBoolean()) {
          await().pollInterval(Duration.ofMillis(1)).until(() -> fired(plinth).size() > before);
        } else {
          await().pollDelay(Duration.ofMillis(1 + random.nextInt(60))).until(() -> true);
        }
        node.kill();
      }
    }
    try (Jobs survivor = start(plinth)) {
      await().until(() -> fired(plinth).size() >= expected.size());
    }

    List<String> fired = new ArrayList<>(fired(plinth));
    assertThat(fired).doesNotHaveDuplicates().containsAll(expected);
    fired.removeAll(expected);
    assertThat(later).containsAll(fired);
    assertThat(inspect.check()).isEmpty();
  }
}

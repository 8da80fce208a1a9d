package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much of a queue or a type one node takes. */
@PlinthTest
class NodeLimitsTest {
  private final AtWork here = new AtWork();
  private final AtWork there = new AtWork();
  private final CountDownLatch goOn = new CountDownLatch(1);
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

  private static JobsBuilder builder(TestNodes nodes, String name) {
    return Jobs.builder(nodes.start(name).plinth()).workers(8).pollInterval(Duration.ofMillis(50));
  }

  private void enqueue(JobType<Number> type, int count) {
    jobs.enqueueAll(
        type, IntStream.range(0, count).mapToObj(Number::new).toList(), JobOptions.defaults());
  }

  private void awaitAllEnded() {
    await()
        .until(
            () ->
                AtWork.number(
                        plinth,
                        "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'pending'")
                    == 0);
  }

  @Test
  void queueAndType_eachNodeTakesNoMoreThanItsOwn(TestNodes nodes) {
    JobType<Number> heavy = JobType.of("heavy", Number.class);
    enqueue(heavy, 30);
    enqueue(Kinds.PLAIN, 30);
    enqueue(Kinds.OTHER, 30);
    try (Jobs one =
            builder(nodes, "one")
                .queue("default", 6)
                .queue("other", 2)
                .perNode(heavy, 1)
                .handle(heavy, here.until(goOn, "heavy"))
                .handle(Kinds.PLAIN, here.until(goOn, "plain"))
                .handle(Kinds.OTHER, here.until(goOn, "other"))
                .build();
        Jobs two =
            builder(nodes, "two")
                .perNode(heavy, 3)
                .handle(heavy, there.until(goOn, "heavy"))
                .build()) {
      one.start();
      two.start();

      await()
          .until(
              () ->
                  here.now("heavy") == 1
                      && here.now("plain") == 5
                      && here.now("other") == 2
                      && there.now("heavy") == 3);
      // Nothing lies claimed where it cannot run.
      await()
          .during(Duration.ofMillis(300))
          .untilAsserted(
              () ->
                  assertThat(AtWork.number(plinth, "SELECT count(*) FROM plinth.job_leases"))
                      .isEqualTo(11));
      goOn.countDown();
      awaitAllEnded();
    }
    assertThat(here.most("heavy")).isEqualTo(1);
    assertThat(here.most("other")).isEqualTo(2);
    assertThat(there.most("heavy")).isEqualTo(3);
  }

  @Test
  void cappedTypeBehindManyOthers_hasItsTurn(TestNodes nodes) {
    JobType<Number> heavy = JobType.of("heavy", Number.class);
    enqueue(Kinds.PLAIN, 3_000);
    enqueue(heavy, 3);
    try (Jobs one =
        builder(nodes, "one")
            .perNode(heavy, 1)
            .handle(heavy, here.counting(n -> List.of("heavy")))
            .handle(Kinds.PLAIN, here.counting(n -> List.of("plain")))
            .build()) {
      one.start();
      awaitAllEnded();
    }
    assertThat(here.most("heavy")).isEqualTo(1);
    assertThat(here.begun()).isEqualTo(3_003);
  }

  @Test
  void badArguments_areRefused(TestNodes nodes) {
    JobsBuilder builder = builder(nodes, "one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.queue("q", 0))
        .withMessageContaining("maxRunningHere");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.perNode(Kinds.PLAIN, 10_001))
        .withMessageContaining("maxRunningHere");
  }
}

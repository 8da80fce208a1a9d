package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Limit;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

@PlinthTest
class ParkedReasonTest {
  private static final JobType<String> WORK = JobType.of("work", String.class);

  private static Optional<ParkedReason.Reason> reason(Plinth plinth, JobId id) {
    ParkedReason reason = new ParkedReason(plinth.schema());
    return plinth.transactReturning(tx -> reason.of(tx, id.value()));
  }

  @Test
  void firstFullLimit_isNamedWithItsHolders(Plinth plinth, Jobs jobs) {
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.limits().set(Limit.type(WORK).maxRunning(5));
    jobs.limits().set(Limit.key("customer").maxRunning(2));
    JobOptions options = JobOptions.defaults().limitKey("customer");
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(WORK, (args, run) -> goOn.await())
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      runner.start();
      List<JobId> ids = jobs.enqueueAll(WORK, List.of("a", "b", "c", "d"), options);
      List<UUID> first = List.of(ids.get(0).value(), ids.get(1).value());
      await().until(() -> reason(plinth, ids.get(0)).isEmpty());

      ParkedReason.Reason third = reason(plinth, ids.get(2)).orElseThrow();
      assertThat(third.limit()).isEqualTo(Limit.key("customer").maxRunning(2));
      assertThat(third.running()).isEqualTo(2);
      assertThat(third.most()).isEqualTo(2);
      assertThat(third.ahead()).isZero();
      assertThat(third.holders()).containsExactlyInAnyOrderElementsOf(first);
      assertThat(reason(plinth, ids.get(3)).orElseThrow().ahead()).isEqualTo(1);
      goOn.countDown();
    }
  }

  @Test
  void nobodyLetsThemThrough_noLimitIsNamed(Plinth plinth, Jobs jobs) {
    jobs.limits().set(Limit.queue("default").maxRunning(1).fair());
    JobId id = jobs.enqueue(WORK, "a");

    ParkedReason.Reason reason = reason(plinth, id).orElseThrow();
    assertThat(reason.limit()).isNull();
    assertThat(reason.holders()).isEmpty();
  }
}

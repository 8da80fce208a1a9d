package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.jobs.Kinds.Square;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class RunTest {
  private final Set<Integer> seen = ConcurrentHashMap.newKeySet();
  private Jobs jobs;

  @BeforeEach
  void start(Plinth plinth) {
    jobs =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> seen.add(args.value()))
            .handle(
                Kinds.SQUARE,
                (args, run) -> new Square(args.value(), (long) args.value() * args.value()))
            .workers(4)
            .pollInterval(Duration.ofMillis(50))
            .build();
    jobs.start();
  }

  @AfterEach
  void close() {
    jobs.close();
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void enqueue_handlerHere_runsAndRecords(Plinth plinth) {
    JobId id = jobs.enqueue(Kinds.SQUARE, new Number(7));

    await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    Job job = jobs.find(id).orElseThrow();
    assertThat(plinth.json().read(job.result(), Square.class)).isEqualTo(new Square(7, 49));
    assertThat(plinth.json().read(job.args(), Number.class)).isEqualTo(new Number(7));
    assertThat(job.errorRecoveryAttempts()).isZero();
    assertThat(job.startedAt()).isBetween(job.createdAt(), job.completedAt());
    assertThat(jobs.attempts(id))
        .singleElement()
        .satisfies(
            attempt -> {
              assertThat(attempt.outcome()).isEqualTo(Attempt.Outcome.COMPLETED);
              assertThat(attempt.epoch()).isEqualTo(1);
              assertThat(attempt.number()).isEqualTo(1);
              assertThat(attempt.instanceId()).isEqualTo(plinth.instances().id());
            });
  }

  @Test
  void enqueueAll_thousands_runEachOnce() {
    List<JobId> ids =
        jobs.enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, 5_000).mapToObj(Number::new).toList(),
            JobOptions.defaults());

    assertThat(ids).hasSize(5_000).doesNotHaveDuplicates();
    await().atMost(Duration.ofSeconds(60)).until(() -> seen.size() == 5_000);
    await()
        .until(
            () ->
                jobs.list(JobFilter.all().status(JobStatus.COMPLETED), Page.first(1000)).size()
                        == 1000
                    && jobs.list(JobFilter.all().status(JobStatus.RUNNING), Page.first(1)).isEmpty()
                    && jobs.list(JobFilter.all().status(JobStatus.READY), Page.first(1)).isEmpty());
    assertThat(jobs.attempts(ids.get(4_999))).hasSize(1);
  }

  @Test
  void enqueue_typeWithoutHandler_waits() {
    JobId unknown = jobs.enqueue(JobType.of("unknown", Number.class), new Number(1));
    JobId newer = jobs.enqueue(Kinds.PLAIN.withVersion(2), new Number(2));
    JobId known = jobs.enqueue(Kinds.PLAIN, new Number(3));

    await().until(() -> jobs.find(known).orElseThrow().status() == JobStatus.COMPLETED);
    assertThat(jobs.find(unknown).orElseThrow().status()).isEqualTo(JobStatus.READY);
    assertThat(jobs.find(newer).orElseThrow().status()).isEqualTo(JobStatus.READY);
    assertThat(jobs.find(known).orElseThrow().result()).isNull();
  }
}

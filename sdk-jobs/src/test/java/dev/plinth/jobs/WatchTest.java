package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class WatchTest {
  private Jobs jobs;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  /** Goes on each time it is told how far it is. */
  private static Jobs stepper(Plinth plinth, BlockingQueue<Integer> steps) {
    Jobs runner =
        Jobs.builder(plinth)
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  for (int step = steps.take(); step < 10; step = steps.take()) {
                    run.progress(step, 10, null);
                  }
                })
            .pollInterval(Duration.ofMillis(50))
            .build();
    runner.start();
    return runner;
  }

  private static long done(List<Job> seen) {
    Job last = seen.get(seen.size() - 1);
    return last.progress() == null ? -1 : last.progress().done();
  }

  @Test
  void watch_jobOnAnotherNode_isToldOfStatusAndProgressAndEndsByItself(
      Plinth plinth, TestNodes nodes) {
    TestNode second = nodes.start("second");
    BlockingQueue<Integer> steps = new LinkedBlockingQueue<>();
    List<Job> seen = new CopyOnWriteArrayList<>();
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobWatch watch = jobs.watch(id, Duration.ZERO, seen::add);
    await().until(() -> seen.size() == 1);
    assertThat(seen.get(0).status()).isEqualTo(JobStatus.READY);
    try (Jobs runner = stepper(second.plinth(), steps)) {
      assertThat(runner).isNotNull();
      await().until(() -> seen.get(seen.size() - 1).status() == JobStatus.RUNNING);
      steps.add(3);
      await().until(() -> done(seen) == 3);
      assertThat(watch.isOpen()).isTrue();
      steps.add(10);
      await().until(() -> !watch.isOpen());
    }
    assertThat(seen.get(seen.size() - 1).status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(seen).extracting(Job::status).startsWith(JobStatus.READY);
  }

  @Test
  void watch_throttled_tellsTheEndAllTheSame(Plinth plinth) {
    BlockingQueue<Integer> steps = new LinkedBlockingQueue<>();
    List<Job> seen = new CopyOnWriteArrayList<>();
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobWatch watch = jobs.watch(id, Duration.ofHours(1), seen::add);
    await().until(() -> seen.size() == 1);
    try (Jobs runner = stepper(plinth, steps)) {
      steps.add(3);
      await()
          .until(
              () -> {
                Progress progress = runner.find(id).orElseThrow().progress();
                return progress != null && progress.done() == 3;
              });
      steps.add(10);
      await().until(() -> !watch.isOpen());
    }
    assertThat(seen).extracting(Job::status).containsExactly(JobStatus.READY, JobStatus.COMPLETED);
  }

  @Test
  void watcherThrows_othersAreToldAndItIsCalledAgain() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    AtomicInteger calls = new AtomicInteger();
    List<Job> seen = new CopyOnWriteArrayList<>();
    JobWatch failing =
        jobs.watch(
            id,
            Duration.ZERO,
            job -> {
              calls.incrementAndGet();
              throw new IllegalStateException("no");
            });
    JobWatch other = jobs.watch(id, Duration.ZERO, seen::add);
    await().until(() -> calls.get() == 1 && seen.size() == 1);

    jobs.cancel(id);

    await().until(() -> !failing.isOpen() && !other.isOpen());
    assertThat(calls).hasValue(2);
    assertThat(seen).extracting(Job::status).containsExactly(JobStatus.READY, JobStatus.CANCELLED);
  }

  @Test
  void watch_unknownOrEndedJob_isOverAtOnce() {
    List<Job> seen = new CopyOnWriteArrayList<>();
    JobWatch unknown = jobs.watch(new JobId(UUID.randomUUID()), seen::add);
    await().until(() -> !unknown.isOpen());
    assertThat(seen).isEmpty();

    JobId ended = jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.cancel(ended);
    JobWatch watch = jobs.watch(ended, seen::add);
    await().until(() -> !watch.isOpen());
    assertThat(seen).extracting(Job::id).containsExactly(ended);
  }

  @Test
  void close_endsTheWatch_andOfJobsAllOfThem(Plinth plinth) {
    Jobs closing = Jobs.create(plinth);
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    List<Job> seen = new CopyOnWriteArrayList<>();
    JobWatch first = closing.watch(id, Duration.ZERO, seen::add);
    JobWatch second = closing.watch(id, Duration.ZERO, seen::add);
    await().until(() -> seen.size() == 2);
    first.close();
    assertThat(first.isOpen()).isFalse();
    assertThat(second.isOpen()).isTrue();
    closing.close();
    assertThat(second.isOpen()).isFalse();
    assertThatThrownBy(() -> closing.watch(id, seen::add))
        .isInstanceOf(IllegalStateException.class);
    jobs.cancel(id);
    assertThat(seen).hasSize(2);
  }

  @Test
  void badInput_namesTheArgument() {
    JobId id = new JobId(UUID.randomUUID());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.watch(id, Duration.ofSeconds(-1), job -> {}))
        .withMessageStartingWith("atMostEvery must be");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.watch(id, null))
        .withMessage("watcher must not be null");
  }
}

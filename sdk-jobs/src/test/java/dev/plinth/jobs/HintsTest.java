package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Nodes tell each other of new jobs, but not of each, and do without where they cannot. */
@PlinthTest(start = true)
class HintsTest {
  private static final int THREADS = 8;
  private static final int EACH = 100;
  private static final int ENOUGH = THREADS * EACH * 3 / 4;

  @Test
  void manyEnqueuings_areFewNotifications(Plinth plinth, Jobs jobs, TestNodes nodes)
      throws Exception {
    Plinth other = nodes.start("other").plinth();
    AtomicInteger heard = new AtomicInteger();
    other
        .notifications()
        .subscribe(
            "jobs.ready",
            queue -> {
              if (!queue.isEmpty()) {
                heard.incrementAndGet();
              }
            });
    await().until(other.notifications()::isConnected);

    int fewest = Integer.MAX_VALUE;
    // Where the machine is too busy to enqueue much within some milliseconds, more of them are
    // told.
    for (int attempt = 0; attempt < 5 && fewest > ENOUGH; attempt++) {
      heard.set(0);
      enqueue(plinth, jobs);
      await().until(() -> heard.get() > 0);
      awaitAllHeard(plinth, other);
      fewest = Math.min(fewest, heard.get());
    }
    assertThat(fewest).isLessThanOrEqualTo(ENOUGH);
    assertThat(jobs.check()).isEmpty();
  }

  private static void awaitAllHeard(Plinth here, Plinth there) throws Exception {
    CountDownLatch last = new CountDownLatch(1);
    try (Subscription end = there.notifications().subscribe("end", payload -> last.countDown())) {
      assertThat(end).isNotNull();
      here.transact(tx -> here.notifications().send(tx, "end", "of the attempt"));
      assertThat(last.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Each in a transaction of the host's own. */
  private static void enqueue(Plinth plinth, Jobs jobs) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> enqueuing =
          IntStream.range(0, THREADS)
              .<Future<?>>mapToObj(
                  thread ->
                      threads.submit(
                          () -> {
                            for (int i = 0; i < EACH; i++) {
                              plinth.transact(
                                  tx -> jobs.in(tx).enqueue(Kinds.PLAIN, new Number(1)));
                            }
                          }))
              .toList();
      for (Future<?> each : enqueuing) {
        each.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void nodesWithoutNotifications_findTheJobsByPolling(TestNodes nodes) {
    Set<Integer> ran = ConcurrentHashMap.newKeySet();
    Plinth first = nodes.add("first", PlinthBuilder::withoutNotifications).plinth();
    Plinth second = nodes.add("second", PlinthBuilder::withoutNotifications).plinth();
    first.start();
    second.start();
    try (Jobs producer = Jobs.create(first);
        Jobs worker =
            Jobs.builder(second)
                .handle(Kinds.PLAIN, (args, run) -> ran.add(args.value()))
                .pollInterval(Duration.ofMillis(100))
                .build()) {
      worker.start();
      for (int i = 1; i <= 5; i++) {
        int number = i;
        JobId id = producer.enqueue(Kinds.PLAIN, new Number(number));
        await().until(() -> producer.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      }
      assertThat(second.notifications().isConnected()).isFalse();
      assertThat(ran).hasSize(5);
      assertThat(producer.check()).isEmpty();
    }
  }
}

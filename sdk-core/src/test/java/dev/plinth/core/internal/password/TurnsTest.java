package dev.plinth.core.internal.password;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.password.PasswordOptions;
import dev.plinth.core.password.PasswordsBusyException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** So many hashes at a time, and no more. */
class TurnsTest {
  private final ExecutorService threads = Executors.newFixedThreadPool(8);

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void take_manyAtOnce_neverMoreThanAllowed() throws Exception {
    Turns turns = new Turns(PasswordOptions.defaults().withConcurrency(3, Duration.ofMinutes(5)));
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(
          threads.submit(
              () ->
                  turns.take(
                      () -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        Thread.yield();
                        return running.decrementAndGet();
                      })));
    }
    for (Future<Integer> one : all) {
      one.get();
    }

    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void take_noTurnInTime_saysSoAndTheNextOneWorks() throws Exception {
    Turns turns = new Turns(PasswordOptions.defaults().withConcurrency(1, Duration.ofMillis(20)));
    CountDownLatch taken = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Future<Boolean> holder =
        threads.submit(
            () ->
                turns.take(
                    () -> {
                      taken.countDown();
                      try {
                        release.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                      return true;
                    }));
    taken.await();

    assertThatThrownBy(() -> turns.take(() -> 1))
        .isInstanceOf(PasswordsBusyException.class)
        .hasMessageContaining("try again");

    release.countDown();
    assertThat(holder.get()).isTrue();
    assertThat(turns.take(() -> 1)).isEqualTo(1);
  }

  @Test
  void take_interruptedWhileWaiting_endsAndKeepsTheInterrupt() throws Exception {
    Turns turns = new Turns(PasswordOptions.defaults().withConcurrency(1, Duration.ofMinutes(5)));
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch taken = new CountDownLatch(1);
    Future<Boolean> holder =
        threads.submit(
            () ->
                turns.take(
                    () -> {
                      taken.countDown();
                      try {
                        release.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                      return true;
                    }));
    taken.await();
    List<Object> seen = new ArrayList<>();
    Thread waiter =
        new Thread(
            () -> {
              try {
                turns.take(() -> 1);
              } catch (PasswordsBusyException e) {
                seen.add(e);
                seen.add(Thread.currentThread().isInterrupted());
              }
            });
    waiter.start();
    await().until(() -> waiter.getState() == Thread.State.TIMED_WAITING);
    waiter.interrupt();
    waiter.join();

    assertThat(seen).hasSize(2).contains(true);
    release.countDown();
    assertThat(holder.get()).isTrue();
  }
}

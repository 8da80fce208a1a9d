package dev.plinth.core.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** Many at once, and processes that stop or die where it hurts. */
@Tag("proof")
@PlinthTest(durable = true)
class LocksRaceTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int THREADS = 64;
  private static final int TURNS = LARGE ? 40 : 2;
  private static final int ROUNDS = LARGE ? 200 : 1;
  private static final Duration LONG = Duration.ofMinutes(5);

  private final Plinth plinth;
  private final TestDatabase database;

  LocksRaceTest(Plinth plinth, TestDatabase database) {
    this.plinth = plinth;
    this.database = database;
  }

  @BeforeEach
  void table() {
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), "DROP TABLE IF EXISTS public.written");
          Sql.execute(
              tx.connection(),
              "CREATE TABLE public.written (place serial PRIMARY KEY, fence bigint NOT NULL)");
        });
  }

  @Test
  void acquire_64ThreadsOfTwoNodes_oneHolderAtATimeAndFencesGrow(TestNodes nodes) throws Exception {
    List<Plinth> cluster = List.of(nodes.start("one").plinth(), nodes.start("two").plinth());
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();

    atOnce(
        n -> {
          Plinth node = cluster.get(n % cluster.size());
          for (int turn = 0; turn < TURNS; turn++) {
            try (Lock lock = node.locks().acquire("hot", LONG)) {
              most.accumulateAndGet(inside.incrementAndGet(), Math::max);
              write(node, lock);
              inside.decrementAndGet();
            }
          }
          return true;
        });

    assertThat(most).hasValue(1);
    assertThat(written()).hasSize(THREADS * TURNS).isSorted().doesNotHaveDuplicates();
    if (LARGE) {
      System.out.printf("%d acquisitions, one holder at a time%n", THREADS * TURNS);
    }
  }

  @Test
  void tryAcquire_64ThreadsOnANewName_exactlyOneGetsIt(TestNodes nodes) throws Exception {
    List<TestNode> cluster = List.of(nodes.add("one"), nodes.add("two"));

    for (int round = 0; round < ROUNDS; round++) {
      String name = "new " + round;
      List<Optional<Lock>> got =
          atOnce(n -> cluster.get(n % cluster.size()).plinth().locks().tryAcquire(name));

      assertThat(got.stream().flatMap(Optional::stream))
          .singleElement()
          .satisfies(lock -> assertThat(lock.isHeld()).isTrue());
    }
  }

  @Test
  void tryAcquire_expiredUnder64Threads_hasOneSuccessor(TestNodes nodes, SettableClock clock)
      throws Exception {
    Lock old = plinth.locks().tryAcquire("hot").orElseThrow();
    List<TestNode> cluster = List.of(nodes.add("one"), nodes.add("two"));
    for (int round = 0; round < ROUNDS; round++) {
      clock.advance(Duration.ofHours(1));

      List<Lock> got =
          atOnce(n -> cluster.get(n % cluster.size()).plinth().locks().tryAcquire("hot")).stream()
              .flatMap(Optional::stream)
              .toList();

      assertThat(got).singleElement().satisfies(lock -> assertThat(lock.isHeld()).isTrue());
      assertThat(got.get(0).fence()).isGreaterThan(old.fence());
      old = got.get(0);
    }
  }

  @Test
  void process_pausedPastItsLease_itsFencedWriteAndItsReleaseDoNothing(SettableClock clock) {
    try (ForkedJvm zombie = ForkedJvm.start(Holder.class, database.url(), "writes")) {
      zombie.await("acquired");
      assertThat(plinth.locks().tryAcquire("held")).isEmpty();
      zombie.send("write");
      zombie.await("written");

      zombie.pause();
      clock.advance(Duration.ofMinutes(5));
      Lock successor = plinth.locks().tryAcquire("held").orElseThrow();
      write(plinth, successor);
      zombie.resume();
      zombie.send("write");

      zombie.await("refused");
      zombie.send("release");
      zombie.await("released: false");
      assertThat(successor.isHeld()).isTrue();
      assertThat(written()).hasSize(2).endsWith(successor.fence()).isSorted();
    }
  }

  @Test
  void process_pausedInsideItsFencedTransaction_keepsOthersOutUntilItEnds(SettableClock clock) {
    try (ForkedJvm zombie = ForkedJvm.start(Holder.class, database.url(), "begins")) {
      zombie.await("acquired");
      zombie.await("fenced");

      zombie.pause();
      clock.advance(Duration.ofHours(1));
      assertThat(plinth.locks().tryAcquire("held")).isEmpty();
      assertThatThrownBy(() -> plinth.locks().acquire("held", Duration.ofMillis(200)))
          .isInstanceOf(LockTimeoutException.class);
      zombie.resume();
      zombie.send("commit");
      zombie.await("committed");

      Lock successor = plinth.locks().tryAcquire("held").orElseThrow();
      write(plinth, successor);
      assertThat(written()).hasSize(2).endsWith(successor.fence()).isSorted();
    }
  }

  @Test
  void process_killedInsideItsFencedTransaction_leavesNothingAndTheLockEnds(SettableClock clock) {
    try (ForkedJvm holder = ForkedJvm.start(Holder.class, database.url(), "begins")) {
      holder.await("acquired");
      holder.await("fenced");

      holder.kill();
      assertThat(plinth.locks().tryAcquire("held")).as("its lease goes on").isEmpty();
      clock.advance(Duration.ofMinutes(5));

      await().atMost(LONG).until(() -> plinth.locks().tryAcquire("held").isPresent());
      assertThat(written()).isEmpty();
    }
  }

  @Test
  void process_killed_boundLockIsFreeWhenItsInstanceIsDead(SettableClock clock) {
    try (ForkedJvm holder = ForkedJvm.start(Holder.class, database.url(), "bound")) {
      holder.await("acquired");
      assertThat(plinth.locks().tryAcquire("held")).isEmpty();

      holder.kill();
      // An instance's time to live, far below the lease.
      clock.advance(Duration.ofSeconds(31));

      assertThat(plinth.locks().tryAcquire("held")).isPresent();
    }
  }

  /** Holds a lock and does as it is told. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      Plinth plinth =
          TestDatabase.attach(args[0])
              .plinth(source)
              .modules(List.of())
              .withoutNotifications()
              .build();
      switch (args[1]) {
        case "writes" -> writes(plinth, acquire(plinth, LockOptions.defaults()));
        case "begins" -> begins(plinth, acquire(plinth, LockOptions.defaults()));
        default -> {
          plinth.start();
          acquire(plinth, LockOptions.defaults().withInstance());
          ForkedJvm.awaitOrder("never");
        }
      }
    }

    private static Lock acquire(Plinth plinth, LockOptions options) {
      Lock lock = plinth.locks().tryAcquire("held", options).orElseThrow();
      ForkedJvm.report("acquired");
      return lock;
    }

    private static void writes(Plinth plinth, Lock lock) {
      try {
        while (true) {
          ForkedJvm.awaitOrder("write");
          write(plinth, lock);
          ForkedJvm.report("written");
        }
      } catch (LockLostException e) {
        ForkedJvm.report("refused");
        ForkedJvm.awaitOrder("release");
        ForkedJvm.report("released: " + lock.release());
      }
    }

    private static void begins(Plinth plinth, Lock lock) {
      plinth.transact(
          tx -> {
            Sql.update(
                tx.connection(), "INSERT INTO public.written (fence) VALUES (?)", lock.fence());
            lock.requireHeld(tx);
            ForkedJvm.report("fenced");
            ForkedJvm.awaitOrder("commit");
          });
      ForkedJvm.report("committed");
    }
  }

  private static void write(Plinth plinth, Lock lock) {
    plinth.transact(
        tx -> {
          Sql.update(
              tx.connection(), "INSERT INTO public.written (fence) VALUES (?)", lock.fence());
          lock.requireHeld(tx);
        });
  }

  private List<Long> written() {
    return plinth.<List<Long>, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT fence FROM public.written ORDER BY place",
                row -> row.getLong(1)));
  }

  private interface Numbered<T> {
    T call(int n) throws Exception;
  }

  private static <T> List<T> atOnce(Numbered<T> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      CyclicBarrier barrier = new CyclicBarrier(THREADS);
      List<Future<T>> running = new ArrayList<>();
      for (int n = 0; n < THREADS; n++) {
        int number = n;
        Callable<T> one =
            () -> {
              barrier.await();
              return work.call(number);
            };
        running.add(threads.submit(one));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> each : running) {
        results.add(each.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}

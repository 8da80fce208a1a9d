package dev.plinth.core.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class LocksTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final Plinth plinth;
  private final Locks locks;
  private final SettableClock clock;
  private final TestDatabase database;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  LocksTest(Plinth plinth, SettableClock clock, TestDatabase database) {
    this.plinth = plinth;
    this.locks = plinth.locks();
    this.clock = clock;
    this.database = database;
  }

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  @Test
  void tryAcquire_free_isHeldForFiveMinutes() {
    Lock lock = locks.tryAcquire("export").orElseThrow();

    assertThat(lock.isHeld()).isTrue();
    assertThat(locks.tryAcquire("export")).isEmpty();
    assertThat(locks.tryAcquire("Export")).as("another name").isPresent();
    LockState state = locks.find("export").orElseThrow();
    assertThat(state.held()).isTrue();
    assertThat(state.fence()).isEqualTo(lock.fence());
    assertThat(state.instanceId()).isNull();
    assertThat(Duration.between(state.acquiredAt(), state.leaseUntil()))
        .isEqualTo(Duration.ofMinutes(5));
    assertThat(lock.leaseUntil()).isEqualTo(state.leaseUntil());
    assertThat(lock).hasToString("Lock[export, fence " + lock.fence() + "]");
  }

  @Test
  void release_held_isFreeAtOnceAndTheNextFenceIsHigher() {
    Lock first = locks.tryAcquire("export").orElseThrow();

    assertThat(first.release()).isTrue();

    assertThat(first.isHeld()).isFalse();
    assertThat(first.release()).as("a second release").isFalse();
    Lock second = locks.tryAcquire("export").orElseThrow();
    assertThat(second.fence()).isGreaterThan(first.fence());
  }

  @Test
  void close_afterASuccessor_leavesTheSuccessorsLock() {
    Lock zombie = locks.tryAcquire("export").orElseThrow();
    clock.advance(Duration.ofMinutes(5));
    Lock successor = locks.tryAcquire("export").orElseThrow();

    assertThat(zombie.renew()).isFalse();
    assertThat(zombie.release()).isFalse();
    zombie.close();

    assertThat(successor.isHeld()).isTrue();
    assertThat(zombie.isHeld()).isFalse();
  }

  @Test
  void renew_held_movesTheEnd_expired_doesNotReviveIt() {
    Lock lock = locks.tryAcquire("export", LockOptions.defaults().withLease(MINUTE)).orElseThrow();
    clock.advance(Duration.ofSeconds(50));
    assertThat(lock.renew()).isTrue();
    clock.advance(Duration.ofSeconds(50));
    assertThat(lock.isHeld()).isTrue();
    assertThat(lock.renew(Duration.ofMinutes(3))).isTrue();
    clock.advance(Duration.ofSeconds(170));
    assertThat(lock.isHeld()).isTrue();

    clock.advance(Duration.ofSeconds(10));

    assertThat(lock.isHeld()).isFalse();
    assertThat(lock.renew()).isFalse();
    assertThat(locks.find("export").orElseThrow().held()).isFalse();
  }

  @Test
  void requireHeld_takenOver_refusesTheZombiesWrite() {
    plinth.transact(
        tx -> Sql.execute(tx.connection(), "CREATE TABLE public.written (fence bigint)"));
    Lock zombie = locks.tryAcquire("export").orElseThrow();
    write(zombie);
    clock.advance(Duration.ofMinutes(5));

    assertThatThrownBy(() -> write(zombie)).as("expired").isInstanceOf(LockLostException.class);
    Lock successor = locks.tryAcquire("export").orElseThrow();
    write(successor);
    assertThatThrownBy(() -> write(zombie))
        .isInstanceOfSatisfying(
            LockLostException.class,
            e -> {
              assertThat(e.name()).isEqualTo("export");
              assertThat(e.fence()).isEqualTo(zombie.fence());
            });

    assertThat(written()).containsExactly(zombie.fence(), successor.fence());
    plinth.transact(tx -> Sql.execute(tx.connection(), "DROP TABLE public.written"));
  }

  @Test
  void requireHeld_transactionOpen_keepsTheLockPastItsLeaseAndLetsRenewalsPass() {
    Lock lock = locks.tryAcquire("export").orElseThrow();
    plinth.transact(
        tx -> {
          lock.requireHeld(tx);
          assertThat(elsewhere(() -> lock.renew()).booleanValue())
              .as("renewed by another thread")
              .isTrue();

          clock.advance(Duration.ofHours(1));

          assertThat(elsewhere(() -> locks.tryAcquire("export"))).isEmpty();
          elsewhere(
              () -> {
                plinth.transact(
                    other ->
                        assertThatThrownBy(() -> lock.requireHeld(other))
                            .isInstanceOf(LockLostException.class));
                return true;
              });
        });

    assertThat(locks.tryAcquire("export")).isPresent();
  }

  @Test
  void requireHeld_repeatableReadWithAnOlderSnapshot_isRefusedAfterATakeover() {
    Lock zombie = locks.tryAcquire("export").orElseThrow();
    TxOptions frozen =
        TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ).withMaxAttempts(1);

    assertThatThrownBy(
            () ->
                plinth.transactSeparately(
                    frozen,
                    tx -> {
                      Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1));
                      elsewhere(
                          () -> {
                            zombie.release();
                            return locks.tryAcquire("export").orElseThrow();
                          });
                      zombie.requireHeld(tx);
                      return null;
                    }))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.sqlState()).contains("40001"));
  }

  @Test
  void in_rolledBack_wasNeverHeld() throws Exception {
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      Lock lock = locks.in(plinth.join(host)).tryAcquire("export").orElseThrow();
      lock.requireHeld(plinth.join(host));
      assertThat(locks.tryAcquire("export")).as("while it is being acquired").isEmpty();
      assertThat(lock.isHeld()).as("not before the commit").isFalse();

      host.rollback();

      assertThat(lock.isHeld()).isFalse();
      assertThat(lock.renew()).isFalse();
      assertThat(locks.tryAcquire("export").orElseThrow().fence()).isGreaterThan(lock.fence());
    }
  }

  @Test
  void in_committedAndReleasedWithTheWork_isHeldInBetween() throws Exception {
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      Lock lock = locks.in(plinth.join(host)).tryAcquire("export").orElseThrow();
      host.commit();
      assertThat(lock.isHeld()).isTrue();

      assertThat(lock.release(plinth.join(host))).isTrue();
      assertThat(locks.tryAcquire("export")).as("before the release commits").isEmpty();
      host.commit();

      assertThat(locks.tryAcquire("export")).isPresent();
    }
  }

  @Test
  void acquire_inATransaction_isRefused() {
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> locks.acquire("export", LONG))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("before the transaction begins");
          assertThatThrownBy(() -> locks.in(tx).acquire("export", LONG))
              .isInstanceOf(IllegalStateException.class);
        });
  }

  @Test
  void acquire_heldByOthers_timesOutAndSaysSo() {
    locks.tryAcquire("export").orElseThrow();

    assertThatThrownBy(() -> locks.acquire("export", Duration.ofMillis(100)))
        .isInstanceOfSatisfying(
            LockTimeoutException.class, e -> assertThat(e.name()).isEqualTo("export"));
    assertThatThrownBy(() -> locks.acquire("export", Duration.ZERO))
        .isInstanceOf(LockTimeoutException.class);
  }

  @Test
  void acquire_releasedMeanwhile_getsItWithoutHoldingAConnection() throws Exception {
    try (Plinth waiter = database.plinth(database.pool(1)).withoutNotifications().build()) {
      Lock lock = locks.tryAcquire("export").orElseThrow();
      CompletableFuture<Lock> waiting =
          CompletableFuture.supplyAsync(() -> acquire(waiter.locks(), "export"), threads);
      await().until(() -> isAwaited("export"));
      // The waiter's only connection serves others meanwhile.
      for (int n = 0; n < 20; n++) {
        waiter.transact(tx -> Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1)));
      }
      assertThat(waiting).isNotDone();

      lock.release();

      Lock next = waiting.get();
      assertThat(next.fence()).isGreaterThan(lock.fence());
      assertThat(next.isHeld()).isTrue();
    }
  }

  @Test
  void acquire_otherNodeReleases_isWokenByTheHint(TestNodes nodes) throws Exception {
    Plinth other = nodes.start("other").plinth();
    await().until(() -> other.notifications().isConnected());
    List<String> heard = new java.util.concurrent.CopyOnWriteArrayList<>();
    other.notifications().subscribe("core.lock", heard::add);
    Lock quiet = locks.tryAcquire("quiet").orElseThrow();
    Lock awaited = locks.tryAcquire("export").orElseThrow();
    CompletableFuture<Lock> waiting =
        CompletableFuture.supplyAsync(() -> acquire(other.locks(), "export"), threads);
    await().until(() -> isAwaited("export"));

    quiet.release();
    awaited.release();

    assertThat(waiting).succeedsWithin(LONG);
    await().untilAsserted(() -> assertThat(heard).containsExactly("export"));
  }

  @Test
  void acquire_interrupted_leavesTheLine() throws Exception {
    Lock lock = locks.tryAcquire("export").orElseThrow();
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread waiter =
        new Thread(
            () -> {
              try {
                locks.acquire("export", LONG);
                ended.complete(null);
              } catch (Throwable e) {
                ended.complete(e);
              }
            });
    waiter.start();
    await().until(() -> isAwaited("export"));

    waiter.interrupt();

    assertThat(ended.get()).isInstanceOf(InterruptedException.class);
    lock.release();
    assertThat(locks.acquire("export", LONG).isHeld()).isTrue();
  }

  @Test
  void boundToInstance_nodeCloses_isFreeAtOnce(TestNodes nodes) {
    var node = nodes.start("holder");
    LockOptions bound = LockOptions.defaults().withInstance();
    Lock tied = node.plinth().locks().tryAcquire("tied", bound).orElseThrow();
    Lock timed = node.plinth().locks().tryAcquire("timed").orElseThrow();
    assertThat(locks.find("tied").orElseThrow().instanceId())
        .isEqualTo(node.plinth().instances().id());

    node.plinth().close();

    assertThat(timed.isHeld()).isTrue();
    assertThat(tied.isHeld()).isFalse();
    assertThat(tied.renew()).isFalse();
    assertThat(locks.tryAcquire("timed")).isEmpty();
    assertThat(locks.tryAcquire("tied").orElseThrow().fence()).isGreaterThan(tied.fence());
  }

  @Test
  void boundToInstance_notStarted_isRefused() {
    assertThatThrownBy(() -> locks.tryAcquire("tied", LockOptions.defaults().withInstance()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("plinth.start()");
  }

  @Test
  void clock_jumpsAhead_endsTheLease_back_prolongsIt() {
    Lock lock = locks.tryAcquire("export").orElseThrow();
    clock.advance(Duration.ofDays(-1));
    assertThat(lock.isHeld()).isTrue();
    assertThat(locks.tryAcquire("export")).isEmpty();

    clock.advance(Duration.ofDays(2));

    assertThat(lock.isHeld()).isFalse();
    assertThat(locks.tryAcquire("export").orElseThrow().fence()).isGreaterThan(lock.fence());
  }

  @Test
  void purge_unusedForADay_removesTheRowAndNotTheFence() {
    Lock old = locks.tryAcquire("old").orElseThrow();
    old.release();
    Lock held =
        locks
            .tryAcquire("held", LockOptions.defaults().withLease(Duration.ofDays(30)))
            .orElseThrow();
    plinth.maintenance().runNow("core.locks");
    assertThat(locks.find("old")).isPresent();
    clock.advance(Duration.ofHours(25));

    plinth.maintenance().runNow("core.locks");

    assertThat(locks.find("old")).isEmpty();
    assertThat(held.isHeld()).isTrue();
    assertThat(locks.tryAcquire("old").orElseThrow().fence()).isGreaterThan(old.fence());
  }

  @Test
  void page_inOrderOfNames_findsAll() {
    for (String name : List.of("b", "a", "ä", "Z")) {
      locks.tryAcquire(name).orElseThrow();
    }

    List<LockState> first = locks.page(null, 3);
    assertThat(first).extracting(LockState::name).containsExactly("Z", "a", "b");
    assertThat(locks.page("b", 3)).extracting(LockState::name).containsExactly("ä");
  }

  @Test
  void arguments_bad_areRefusedBeforeAnySql() {
    for (String name : new String[] {null, "", " ", "a\0b", "x".repeat(256), "\ud800"}) {
      assertThatThrownBy(() -> locks.tryAcquire(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("name must ");
      assertThatThrownBy(() -> locks.acquire(name, LONG))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> locks.find(name)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> locks.tryAcquire("a", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("options must not be null");
    assertThatThrownBy(() -> LockOptions.defaults().withLease(Duration.ZERO))
        .hasMessage("lease must be longer than zero, but is PT0S");
    assertThatThrownBy(() -> LockOptions.defaults().withLease(Duration.ofDays(367)))
        .hasMessageStartingWith("lease must be at most 366 days");
    assertThatThrownBy(() -> locks.acquire("a", Duration.ofMillis(-1)))
        .hasMessage("atMost must not be negative, but is PT-0.001S");
    assertThatThrownBy(() -> locks.page(null, 0)).isInstanceOf(IllegalArgumentException.class);
    Lock lock = locks.tryAcquire("x".repeat(255)).orElseThrow();
    assertThatThrownBy(() -> lock.renew(null)).hasMessage("lease must not be null");
    assertThatThrownBy(() -> lock.requireHeld(null)).hasMessage("tx must not be null");
    assertThatThrownBy(() -> locks.in(null)).isInstanceOf(IllegalArgumentException.class);
  }

  private void write(Lock lock) {
    plinth.transact(
        tx -> {
          Sql.update(tx.connection(), "INSERT INTO public.written VALUES (?)", lock.fence());
          lock.requireHeld(tx);
        });
  }

  private List<Long> written() {
    return plinth.<List<Long>, RuntimeException>transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT fence FROM public.written", row -> row.getLong(1)));
  }

  private boolean isAwaited(String name) {
    return plinth
        .<Optional<Boolean>, RuntimeException>transactReturning(
            tx ->
                Sql.first(
                    tx.connection(),
                    "SELECT awaited_until IS NOT NULL FROM plinth.locks WHERE name = ?",
                    row -> row.getBoolean(1),
                    name))
        .orElse(false);
  }

  private static Lock acquire(Locks locks, String name) {
    try {
      return locks.acquire(name, LONG);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private <T> T elsewhere(java.util.function.Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, threads).join();
  }
}

package dev.plinth.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.Tx;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.ds.PGSimpleDataSource;

@PlinthTest(durable = true)
@Timeout(300)
class GroupCommitTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int CALLS_OF_EACH = LARGE ? 2_000 : 50;
  private static final int KILLS = LARGE ? 20 : 1;
  private static final int LOSSES = LARGE ? 50 : 1;

  private final Plinth plinth;
  private final TestDatabase database;
  private final AtomicInteger batches = new AtomicInteger();
  private final ExecutorService callers = Executors.newCachedThreadPool();

  GroupCommitTest(Plinth plinth, TestDatabase database) {
    this.plinth = plinth;
    this.database = database;
  }

  @BeforeEach
  void emptyTable() {
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), "DROP TABLE IF EXISTS public.items");
          Sql.execute(tx.connection(), "CREATE TABLE public.items (n int PRIMARY KEY)");
        });
  }

  @AfterEach
  void endCallers() {
    callers.shutdownNow();
  }

  @Test
  void call_alone_isDurableWhenItReturns() throws SQLException {
    try (GroupCommit<Integer, String> group = group(10, 10);
        Connection other = database.connect()) {
      assertThat(group.call(7)).isEqualTo("wrote 7");

      assertThat(rows(other)).containsExactly(7);
      assertThat(Sql.query(other, "SHOW fsync", row -> row.getString(1))).containsExactly("on");
    }
  }

  @Test
  void call_whileAnotherCommits_allWhoGatherShareTheNextCommit() throws Exception {
    int threads = 64;
    int rounds = 10;
    try (GroupCommit<Integer, String> group = group(1_000, 1_000)) {
      for (int round = 0; round < rounds; round++) {
        int first = round * threads;
        List<Future<String>> results = new ArrayList<>();
        held(
            () -> {
              List<Thread> gathering = new ArrayList<>();
              for (int n = first; n < first + threads; n++) {
                int item = n;
                FutureTask<String> call = new FutureTask<>(() -> group.call(item));
                results.add(call);
                gathering.add(new Thread(call));
              }
              gathering.forEach(Thread::start);
              // All but the leader, who waits for the table.
              await()
                  .pollInterval(Duration.ofMillis(2))
                  .until(() -> gathering.stream().filter(GroupCommitTest::waits).count() >= 63);
              return gathering.stream();
            });
        for (int n = 0; n < threads; n++) {
          assertThat(results.get(n).get()).isEqualTo("wrote " + (first + n));
        }
      }
    }

    assertThat(rows()).hasSize(rounds * threads);
    assertThat(batches).as("the leader's, and all others'").hasValueLessThanOrEqualTo(2 * rounds);
  }

  /** True when the thread has handed in its item and is told when that is committed. */
  private static boolean waits(Thread thread) {
    return LockSupport.getBlocker(thread) instanceof GroupCommit;
  }

  @Test
  void call_manyThreads_eachIsDurable() throws Exception {
    int threads = 64;
    int each = CALLS_OF_EACH;
    try (GroupCommit<Integer, String> group = group(1_000, 1_000)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int first = t * each;
        running.add(
            callers.submit(
                () -> {
                  for (int n = first; n < first + each; n++) {
                    assertThat(group.call(n)).isEqualTo("wrote " + n);
                  }
                }));
      }
      for (Future<?> future : running) {
        future.get();
      }
    }

    assertThat(rows()).hasSize(threads * each);
    if (LARGE) {
      System.out.printf("%d calls by %d threads, each durable once%n", threads * each, threads);
    }
  }

  @Test
  void submit_many_eachGetsItsOwnResult() {
    try (GroupCommit<Integer, String> group = group(64, 100)) {
      List<CompletableFuture<String>> futures =
          IntStream.range(0, 2_000).mapToObj(group::submit).toList();

      for (int n = 0; n < futures.size(); n++) {
        assertThat(futures.get(n).join()).isEqualTo("wrote " + n);
      }
      assertThat(rows()).hasSize(2_000);
    }
  }

  @Test
  void submit_oneBadItem_failsAlone() {
    try (GroupCommit<Integer, String> group = group(100, 200)) {
      List<CompletableFuture<String>> futures =
          held(() -> IntStream.range(0, 100).map(n -> n == 42 ? -42 : n).mapToObj(group::submit));

      for (int n = 0; n < futures.size(); n++) {
        if (n == 42) {
          assertThatThrownBy(futures.get(n)::join)
              .isInstanceOf(CompletionException.class)
              .hasCauseInstanceOf(IllegalArgumentException.class)
              .hasRootCauseMessage("negative: -42");
        } else {
          assertThat(futures.get(n).join()).isEqualTo("wrote " + n);
        }
      }
      assertThat(rows()).hasSize(99).doesNotContain(-42);
    }
  }

  @Test
  void submit_oneItemViolatesAConstraint_failsAlone() {
    try (GroupCommit<Integer, String> group = group(100, 200)) {
      group.call(42);
      List<CompletableFuture<String>> futures =
          held(() -> IntStream.range(0, 100).mapToObj(group::submit));

      for (int n = 0; n < futures.size(); n++) {
        if (n == 42) {
          assertThatThrownBy(futures.get(n)::join)
              .satisfies(e -> assertThat(SqlStates.of(e)).contains(SqlStates.UNIQUE_VIOLATION));
        } else {
          assertThat(futures.get(n).join()).isEqualTo("wrote " + n);
        }
      }
      assertThat(rows()).hasSize(100);
    }
  }

  @Test
  void submit_failureOfNoItem_isNotTriedAgainInHalves() {
    for (String state : List.of("57014", "55P03", "53100", "25006")) {
      AtomicInteger items = new AtomicInteger();
      try (GroupCommit<Integer, Integer> group =
          plinth.groupCommit(
              "failing",
              100,
              200,
              (tx, batch) -> {
                items.addAndGet(batch.size());
                write(tx, batch);
                Sql.execute(
                    tx.connection(),
                    "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '" + state + "'; END $$");
                return batch;
              })) {
        List<CompletableFuture<Integer>> futures =
            held(() -> IntStream.range(0, 100).mapToObj(group::submit));

        for (CompletableFuture<Integer> future : futures) {
          assertThatThrownBy(future::join)
              .satisfies(e -> assertThat(SqlStates.of(e)).contains(state));
        }
        assertThat(items).as("each item was tried once, " + state).hasValue(100);
      }
    }
    assertThat(rows()).isEmpty();
  }

  @Test
  void call_batchThrows_callerGetsTheSameException() {
    try (GroupCommit<Integer, String> group = group(10, 10)) {
      assertThatThrownBy(() -> group.call(-1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("negative: -1");
      assertThat(group.call(1)).isEqualTo("wrote 1");
    }
  }

  @Test
  void call_wrongNumberOfResults_commitsNothing() {
    try (GroupCommit<Integer, String> group =
        plinth.groupCommit(
            "wrong",
            10,
            10,
            (tx, items) -> {
              write(tx, items);
              return List.of();
            })) {
      assertThatThrownBy(() -> group.call(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("The batch has 1 items but gave 0 results");
      assertThat(rows()).isEmpty();
    }
  }

  @Test
  void call_inATransaction_isRefused() {
    try (GroupCommit<Integer, String> group = group(10, 10)) {
      plinth.transact(
          tx -> {
            assertThatThrownBy(() -> group.call(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("tx.afterCommit");
            assertThatThrownBy(() -> group.submit(1)).isInstanceOf(IllegalStateException.class);
            tx.afterCommit(() -> group.call(2));
          });

      assertThat(rows()).containsExactly(2);
    }
  }

  @Test
  void call_insideABatch_isRefusedInsteadOfWaitingForItself() {
    AtomicInteger refused = new AtomicInteger();
    List<GroupCommit<Integer, Integer>> self = new ArrayList<>();
    try (GroupCommit<Integer, Integer> group =
        plinth.groupCommit(
            "nested",
            10,
            10,
            (tx, items) -> {
              assertThatThrownBy(() -> self.get(0).call(1))
                  .isInstanceOf(IllegalStateException.class);
              refused.incrementAndGet();
              return items;
            })) {
      self.add(group);
      assertThat(group.call(5)).isEqualTo(5);
    }
    assertThat(refused).hasValue(1);
  }

  @Test
  void call_fromACallback_doesNotWaitForItself() {
    try (GroupCommit<Integer, String> group = group(2, 1)) {
      CompletableFuture<String> chain = group.submit(0);
      for (int n = 1; n < 50; n++) {
        int next = n;
        chain = chain.thenApply(before -> group.call(next));
      }
      assertThat(chain.join()).isEqualTo("wrote 49");
    }
    assertThat(rows()).hasSize(50);
  }

  @Test
  void call_interrupted_isDurableAndKeepsTheInterrupt() {
    try (GroupCommit<Integer, String> group = group(10, 10)) {
      Thread.currentThread().interrupt();
      String result = group.call(3);

      assertThat(Thread.interrupted()).isTrue();
      assertThat(result).isEqualTo("wrote 3");
      assertThat(rows()).containsExactly(3);
    }
  }

  @Test
  void call_leaderInterruptedWhileItWaitsForAConnection_failsNobody() throws Exception {
    try (Plinth narrow = Plinth.builder().dataSource(database.pool(1)).build();
        GroupCommit<Integer, Integer> group =
            narrow.groupCommit("narrow", 10, 10, GroupCommitTest::write)) {
      CountDownLatch taken = new CountDownLatch(1);
      CountDownLatch release = new CountDownLatch(1);
      Future<?> holder =
          callers.submit(
              () -> {
                narrow.transact(
                    tx -> {
                      taken.countDown();
                      release.await();
                    });
                return null;
              });
      taken.await();
      AtomicBoolean interrupted = new AtomicBoolean();
      Thread leader =
          new Thread(
              () -> {
                group.call(1);
                interrupted.set(Thread.currentThread().isInterrupted());
              });
      leader.start();
      await().until(() -> leader.getState() == Thread.State.TIMED_WAITING);
      leader.interrupt();
      Future<Integer> follower = callers.submit(() -> group.call(2));
      release.countDown();
      holder.get();

      assertThat(follower.get()).isEqualTo(2);
      leader.join();
      assertThat(interrupted).isTrue();
      assertThat(rows()).containsExactly(1, 2);
    }
  }

  @Test
  void call_noConnection_failsWithoutTryingEachItem() {
    AtomicInteger tries = new AtomicInteger();
    try (Plinth unplugged =
            Plinth.builder()
                .connectionSource(
                    () -> {
                      tries.incrementAndGet();
                      throw new SQLException("no route", "08001");
                    })
                .build();
        GroupCommit<Integer, Integer> group =
            unplugged.groupCommit("unplugged", 10, 10, (tx, items) -> items)) {
      assertThatThrownBy(() -> group.call(1)).isInstanceOf(ConnectionUnavailableException.class);
      assertThat(tries).hasValue(1);
    }
  }

  @Test
  void submit_queueFull_blocksUntilThereIsRoom() throws Exception {
    Semaphore permits = new Semaphore(0);
    try (GroupCommit<Integer, Integer> group =
        plinth.groupCommit(
            "full",
            1,
            2,
            (tx, items) -> {
              permits.acquireUninterruptibly();
              return items;
            })) {
      Future<?> submitting =
          callers.submit(
              () -> {
                for (int n = 0; n < 20; n++) {
                  group.submit(n);
                }
              });
      assertThatThrownBy(() -> submitting.get(200, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      permits.release(20);
      submitting.get();
    }
  }

  @Test
  void submit_executorRefuses_callerLeads() {
    try (Plinth refusing =
            Plinth.builder()
                .dataSource(database.pool(2))
                .executor(
                    task -> {
                      throw new RejectedExecutionException("full");
                    })
                .build();
        GroupCommit<Integer, Integer> group =
            refusing.groupCommit("refused", 10, 10, GroupCommitTest::write)) {
      assertThat(group.submit(1)).isCompletedWithValue(1);
    }
    assertThat(rows()).containsExactly(1);
  }

  @Test
  void call_executorNeverRuns_leadsInItsStead() {
    try (Plinth starved =
            Plinth.builder().dataSource(database.pool(2)).executor(task -> {}).build();
        GroupCommit<Integer, Integer> group =
            starved.groupCommit("starved", 10, 10, GroupCommitTest::write)) {
      CompletableFuture<Integer> submitted = group.submit(1);
      assertThat(submitted).isNotDone();

      assertThat(group.call(2)).isEqualTo(2);

      assertThat(submitted).isCompletedWithValue(1);
    }
  }

  @Test
  void close_withItemsWaiting_commitsThemThenRefuses() {
    GroupCommit<Integer, String> group = group(7, 1_000);
    List<CompletableFuture<String>> futures =
        held(() -> IntStream.range(0, 300).mapToObj(group::submit));

    group.close();

    assertThat(rows()).hasSize(300);
    assertThat(CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)))
        .succeedsWithin(Duration.ofMinutes(1));
    assertThatThrownBy(() -> group.call(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The group commit items is closed");
    assertThatThrownBy(() -> group.submit(1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void process_killed_everyAcknowledgedItemIsInTheDatabase() {
    int all = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      emptyTable();
      List<Integer> acknowledged = new ArrayList<>();
      try (ForkedJvm fork = ForkedJvm.start(Writer.class, database.url())) {
        while (acknowledged.size() < 3_000 + kill) {
          String line = fork.await("done ");
          acknowledged.add(Integer.valueOf(line.substring("done ".length())));
        }
        fork.kill();
      }

      assertThat(rows()).containsAll(acknowledged);
      all += acknowledged.size();
    }
    if (LARGE) {
      System.out.printf("%d kills, %d acknowledged items, none lost%n", KILLS, all);
    }
  }

  @Test
  void process_killedInsideABatch_nothingOfThatBatchIsThereAndNothingWasClaimed() {
    List<String> claimed = new ArrayList<>();
    try (ForkedJvm fork = ForkedJvm.start(Stopper.class, database.url())) {
      for (String line = fork.await(""); !line.startsWith("in the batch"); line = fork.await("")) {
        claimed.add(line);
      }
      fork.kill();
    }

    assertThat(claimed).containsExactlyInAnyOrder("done 1", "done 2", "done 3");
    assertThat(rows()).containsExactly(1, 2, 3);
  }

  /** Commits a batch, and stops in the next one when its rows are written. */
  static final class Stopper {
    private Stopper() {}

    public static void main(String[] args) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      Plinth plinth = Plinth.builder().dataSource(source).modules(List.of()).build();
      GroupCommit<Integer, Integer> group =
          plinth.groupCommit(
              "stopped",
              100,
              1_000,
              (tx, items) -> {
                List<Integer> written = GroupCommitTest.write(tx, items);
                if (items.get(0) > 3) {
                  ForkedJvm.report("in the batch");
                  ForkedJvm.awaitOrder("never");
                }
                return written;
              });
      for (int n = 1; n <= 3; n++) {
        ForkedJvm.report("done " + group.call(n));
      }
      for (int n = 4; n <= 8; n++) {
        group.submit(n).thenAccept(m -> ForkedJvm.report("done " + m));
      }
      ForkedJvm.awaitOrder("never");
    }
  }

  @Test
  void commitLost_beforeOrAfterItHappened_isNeverClaimedAndNeverRepeated() {
    for (int round = 0; round < LOSSES * FaultyProxy.Loss.values().length; round++) {
      FaultyProxy.Loss loss = FaultyProxy.Loss.values()[round % FaultyProxy.Loss.values().length];
      emptyTable();
      try (FaultyProxy network = FaultyProxy.to(database);
          HikariDataSource pool = pool(network);
          Plinth far = Plinth.builder().dataSource(pool).modules(List.of()).build();
          GroupCommit<Integer, Integer> group =
              far.groupCommit("lossy", 100, 1_000, GroupCommitTest::write)) {
        assertThat(group.call(1)).isEqualTo(1);

        network.loseNextCommit(loss);
        assertThatThrownBy(() -> group.call(2)).isInstanceOf(OutcomeUnknownException.class);
        assertThat(group.call(3)).isEqualTo(3);

        assertThat(rows())
            .as("committed when the answer alone was lost, and once")
            .containsExactlyElementsOf(
                loss == FaultyProxy.Loss.AFTER_IT_HAPPENED ? List.of(1, 2, 3) : List.of(1, 3));
      }
    }
  }

  private static HikariDataSource pool(FaultyProxy network) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(2);
    return new HikariDataSource(config);
  }

  /** Writes from sixteen threads, by call and by submit, until killed. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      Plinth plinth = Plinth.builder().dataSource(source).modules(List.of()).build();
      GroupCommit<Integer, Integer> group =
          plinth.groupCommit("killed", 100, 1_000, GroupCommitTest::write);
      AtomicInteger next = new AtomicInteger();
      for (int t = 0; t < 16; t++) {
        boolean waits = t % 2 == 0;
        new Thread(
                () -> {
                  while (true) {
                    int n = next.getAndIncrement();
                    if (waits) {
                      System.out.println("done " + group.call(n));
                    } else {
                      group.submit(n).thenAccept(m -> System.out.println("done " + m));
                    }
                  }
                })
            .start();
      }
    }
  }

  /** Locks the table, so that what is handed in meanwhile gathers. */
  private <T> List<T> held(Supplier<Stream<T>> work) {
    return plinth.<List<T>, RuntimeException>transactReturning(
        tx -> {
          Sql.execute(tx.connection(), "LOCK TABLE public.items");
          return CompletableFuture.supplyAsync(() -> work.get().toList(), callers).join();
        });
  }

  private GroupCommit<Integer, String> group(int maxBatch, int maxWaiting) {
    return plinth.groupCommit(
        "items",
        maxBatch,
        maxWaiting,
        (tx, items) -> {
          batches.incrementAndGet();
          return write(tx, items).stream().map(n -> "wrote " + n).toList();
        });
  }

  private static List<Integer> write(Tx tx, List<Integer> items) {
    for (int n : items) {
      if (n < 0) {
        throw new IllegalArgumentException("negative: " + n);
      }
    }
    Sql.update(
        tx.connection(),
        "INSERT INTO public.items SELECT unnest(?)",
        (Object) items.toArray(Integer[]::new));
    return items;
  }

  private List<Integer> rows() {
    try (Connection connection = database.connect()) {
      return rows(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Integer> rows(Connection connection) {
    return Sql.query(connection, "SELECT n FROM public.items ORDER BY n", row -> row.getInt(1));
  }
}

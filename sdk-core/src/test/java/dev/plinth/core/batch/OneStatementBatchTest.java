package dev.plinth.core.batch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Batches that are one statement go without BEGIN and COMMIT, and keep every promise. */
@PlinthTest(durable = true)
class OneStatementBatchTest {
  private static final String NAMES = "SELECT n FROM public.singles ORDER BY n";

  private final Plinth near;
  private final FaultyProxy network;
  private final AtomicInteger committed = new AtomicInteger();
  private final List<AutoCloseable> open = new ArrayList<>();
  private @Nullable Plinth far;

  OneStatementBatchTest(TestDatabase database, Plinth near) {
    this.near = near;
    this.network = FaultyProxy.to(database);
  }

  @BeforeEach
  void emptyTable() {
    near.transact(
        tx -> {
          Sql.execute(tx.connection(), "DROP TABLE IF EXISTS public.singles");
          Sql.execute(
              tx.connection(), "CREATE TABLE public.singles (n int PRIMARY KEY CHECK (n > 0))");
        });
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    network.close();
  }

  private final class Insert implements GroupCommit.Batch<Integer, Integer> {
    private final boolean isOneStatement;

    Insert(boolean isOneStatement) {
      this.isOneStatement = isOneStatement;
    }

    @Override
    public boolean isOneStatement(List<Integer> items) {
      return isOneStatement;
    }

    @Override
    public List<Integer> write(Tx tx, List<Integer> items) {
      tx.afterCommit(committed::incrementAndGet);
      Sql.update(
          tx.connection(),
          "INSERT INTO public.singles SELECT unnest(?)",
          (Object) items.toArray(Integer[]::new));
      return items;
    }
  }

  private GroupCommit<Integer, Integer> group(boolean isOneStatement, boolean autoCommit) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(autoCommit);
    HikariDataSource pool = new HikariDataSource(config);
    far = Plinth.builder().dataSource(pool).modules(List.of()).build();
    GroupCommit<Integer, Integer> group =
        far.groupCommit("singles", 100, 1_000, new Insert(isOneStatement));
    open.addAll(List.of(group, requireNonNull(far), pool));
    group.call(1_000_000);
    committed.set(0);
    return group;
  }

  private long roundTripsOf(GroupCommit<Integer, Integer> group, int first) {
    long before = network.roundTrips();
    for (int i = 0; i < 10; i++) {
      assertThat(group.call(first + i)).isEqualTo(first + i);
    }
    return network.roundTrips() - before;
  }

  @Test
  void call_oneStatement_isOneRoundTripAndCallsBack() {
    assertThat(roundTripsOf(group(true, true), 1)).isEqualTo(10);
    assertThat(committed).hasValue(10);
  }

  @Test
  void call_manyStatements_areTwoRoundTripsOrMore() {
    assertThat(roundTripsOf(group(false, true), 1)).isEqualTo(20);
  }

  @Test
  void call_oneStatementOnConnectionsWithoutAutoCommit_isATransaction() {
    assertThat(roundTripsOf(group(true, false), 1)).isEqualTo(20);
    assertThat(committed).hasValue(10);
    assertThat(rows()).hasSize(11);
  }

  @Test
  void submit_oneBadItem_failsAlone() {
    GroupCommit<Integer, Integer> group = group(true, true);
    List<CompletableFuture<Integer>> all = new ArrayList<>();
    for (int n : List.of(1, 2, -3, 4, 5)) {
      all.add(group.submit(n));
    }

    assertThatThrownBy(() -> all.get(2).join())
        .hasRootCauseInstanceOf(java.sql.SQLException.class)
        .satisfies(e -> assertThat(SqlStates.of(e)).contains(SqlStates.CHECK_VIOLATION));
    for (int i : List.of(0, 1, 3, 4)) {
      all.get(i).join();
    }
    assertThat(rows()).containsExactly(1, 2, 4, 5, 1_000_000);
  }

  @Test
  void call_connectionLostBeforeOrAfterItHappened_isUnknownAndNeverRepeated() {
    for (FaultyProxy.Loss loss : FaultyProxy.Loss.values()) {
      emptyTable();
      GroupCommit<Integer, Integer> group = group(true, true);

      network.loseNextStatement("public.singles", loss);
      assertThatThrownBy(() -> group.call(2)).isInstanceOf(OutcomeUnknownException.class);
      assertThat(network.isLossPending()).isFalse();
      assertThat(committed).hasValue(0);
      assertThat(requireNonNull(far).counters().outcomeUnknown()).isEqualTo(1);
      assertThat(group.call(3)).isEqualTo(3);

      assertThat(rows())
          .containsExactlyElementsOf(
              loss == FaultyProxy.Loss.AFTER_IT_HAPPENED
                  ? List.of(2, 3, 1_000_000)
                  : List.of(3, 1_000_000));
    }
  }

  @Test
  void submit_batchThrowsAfterItsStatement_isNotWrittenAgainInHalves() {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch gathered = new CountDownLatch(1);
    GroupCommit.Batch<Integer, Integer> forgetful =
        new GroupCommit.Batch<>() {
          @Override
          public boolean isOneStatement(List<Integer> items) {
            return true;
          }

          @Override
          public List<Integer> write(Tx tx, List<Integer> items) {
            calls.incrementAndGet();
            if (items.contains(0)) {
              assertThatCode(gathered::await).doesNotThrowAnyException();
              return items;
            }
            return List.of();
          }
        };
    try (GroupCommit<Integer, Integer> group = near.groupCommit("forgetful", 10, 10, forgetful)) {
      CompletableFuture<Integer> first = group.submit(0);
      await().until(() -> calls.get() == 1);
      List<CompletableFuture<Integer>> others =
          IntStream.range(1, 5).mapToObj(group::submit).toList();
      gathered.countDown();

      assertThat(first.join()).isZero();
      others.forEach(
          one -> assertThatThrownBy(one::join).hasRootCauseInstanceOf(IllegalStateException.class));
    }
    assertThat(calls).as("the first item's batch, and the others'").hasValue(2);
  }

  /** Nor in a transaction that would not be one; what takes one of its own is free to. */
  @Test
  void call_insideSuchABatch_isRefusedInsteadOfWaitingForItself() {
    List<GroupCommit<Integer, Integer>> self = new ArrayList<>();
    GroupCommit.Batch<Integer, Integer> nested =
        new GroupCommit.Batch<>() {
          @Override
          public boolean isOneStatement(List<Integer> items) {
            return true;
          }

          @Override
          public List<Integer> write(Tx tx, List<Integer> items) {
            assertThatThrownBy(() -> self.get(0).call(1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> near.users().findByExternalId("u"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("isOneStatement");
            return near.transactSeparately(
                TxOptions.defaults(),
                own -> Sql.query(own.connection(), "SELECT 5", row -> row.getInt(1)));
          }
        };
    try (GroupCommit<Integer, Integer> group = near.groupCommit("nested", 10, 10, nested)) {
      self.add(group);
      assertThat(group.call(4)).isEqualTo(5);
    }
  }

  private List<Integer> rows() {
    return near.transactReturning(tx -> Sql.query(tx.connection(), NAMES, row -> row.getInt(1)));
  }
}

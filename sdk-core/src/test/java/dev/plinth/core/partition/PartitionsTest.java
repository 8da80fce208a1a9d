package dev.plinth.core.partition;

import static dev.plinth.core.partition.PartedModule.READINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class PartitionsTest {
  private static final Duration DAYS_40 = Duration.ofDays(40);

  private final TestDatabase database = TestDatabase.create();
  private final UuidV7 ids = new UuidV7(database.clock());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Plinth plinth = on(database.pool(4)).build();

  @BeforeEach
  void migrate() {
    database.clock().set(Instant.parse("2030-11-20T10:00:00Z"));
    plinth.migrations().migrate();
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    plinth.close();
    database.close();
  }

  @Test
  void migrate_makesTheCurrentMonthAndThoseAhead() {
    assertThat(plinth.partitions().list(READINGS))
        .containsExactly(
            partition("readings_p203011", "2030-11-01", "2030-12-01"),
            partition("readings_p203012", "2030-12-01", "2031-01-01"),
            partition("readings_p203101", "2031-01-01", "2031-02-01"));
  }

  @Test
  void migrate_poolOfOneAndSchemaThatNeedsQuoting_makesPartitions() {
    try (Plinth quoted =
        on(database.pool(1)).schema(database.schema("it's \"my\" Schema")).build()) {
      quoted.migrations().migrate();

      assertThat(quoted.partitions().list(READINGS))
          .extracting(Partition::name)
          .containsExactly("readings_p203011", "readings_p203012", "readings_p203101");
      database.clock().advance(DAYS_40);
      quoted.partitions().ensureAhead();
      assertThat(quoted.partitions().dropBefore(READINGS, Instant.parse("2030-12-01T00:00:00Z")))
          .containsExactly("readings_p203011");
    }
  }

  @Test
  void ensureAhead_monthsLater_addsWhatIsMissing() {
    database.clock().advance(DAYS_40);

    plinth.partitions().ensureAhead();
    plinth.partitions().ensureAhead();

    assertThat(names())
        .containsExactly(
            "readings_p203011", "readings_p203012", "readings_p203101", "readings_p203102");
  }

  @Test
  void insert_boundaryIds_landInTheirMonth() {
    Instant end = Instant.parse("2030-12-01T00:00:00Z");
    insert(new UuidV7(InstantSource.fixed(end.minusMillis(1))));
    insert(new UuidV7(InstantSource.fixed(end)));

    assertThat(count("readings_p203011")).isOne();
    assertThat(count("readings_p203012")).isOne();
  }

  @Test
  void ensureAhead_newPartition_refusesTruncateAsItsParentDoes() {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> Sql.execute(tx.connection(), "TRUNCATE plinth.readings_p203012")))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("readings are kept");
    assertThat(
            query(
                "SELECT tgenabled::text FROM pg_trigger"
                    + " WHERE tgrelid = 'plinth.readings_p203012'::regclass AND tgname = 'readings_kept'"))
        .containsExactly("A");
  }

  @Test
  void ensureAhead_tenNodesAtOnce_makeEachPartitionOnce() throws Exception {
    database.clock().advance(DAYS_40);
    CyclicBarrier barrier = new CyclicBarrier(10);
    List<Future<?>> running = new ArrayList<>();
    for (int n = 0; n < 10; n++) {
      Plinth node = on(database.pool(1)).build();
      running.add(
          threads.submit(
              () -> {
                barrier.await();
                node.partitions().ensureAhead();
                return null;
              }));
    }
    for (Future<?> node : running) {
      node.get();
    }

    assertThat(names())
        .containsExactly(
            "readings_p203011", "readings_p203012", "readings_p203101", "readings_p203102");
  }

  @Test
  void ensureAhead_applicationRoleThatOwnsNothing_makesThemAndGetsNoRightOnThem()
      throws SQLException {
    String role = "app_" + Long.toHexString(System.nanoTime());
    execute("CREATE ROLE " + role + " LOGIN");
    execute("ALTER DEFAULT PRIVILEGES IN SCHEMA plinth GRANT SELECT, DELETE ON TABLES TO " + role);
    try {
      plinth.migrations().grants(role).forEach(this::execute);
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(database.url());
      source.setUser(role);
      try (Plinth app = on(source).build()) {
        database.clock().advance(DAYS_40);
        app.partitions().ensureAhead();

        assertThat(names()).contains("readings_p203102");
        app.transact(
            tx ->
                Sql.update(
                    tx.connection(),
                    "INSERT INTO plinth.readings (id, value) VALUES (?, 1)",
                    ids.next()));
        assertDenied(app, "DELETE FROM plinth.readings_p203102");
        assertDenied(app, "SELECT FROM plinth.readings_p203102");
        assertDenied(app, "INSERT INTO plinth.partitioned_tables VALUES ('users', 'day')");
        assertThatThrownBy(
                () ->
                    app.transact(
                        tx ->
                            Sql.query(
                                tx.connection(),
                                "SELECT plinth.make_partition('users', '2030-01-01')",
                                row -> row.getBoolean(1))))
            .hasMessageContaining("no table of that name is registered for partitions");
      }
    } finally {
      execute("DROP OWNED BY " + role);
      execute("DROP ROLE " + role);
    }
  }

  @Test
  void makePartition_dayInsideAMonth_isRefused() {
    assertThatThrownBy(() -> query("SELECT plinth.make_partition('readings', '2030-11-02')::text"))
        .hasMessageContaining("the first day of a partition must be the first of a month");
    assertThatThrownBy(() -> query("SELECT plinth.make_partition('readings', '4000-01-01')::text"))
        .hasMessageContaining("near the present");
  }

  @Test
  void dropBefore_wholeRangesOnly_dropsThemWithTheirRows() {
    insert(ids);
    database.clock().advance(DAYS_40);
    insert(ids);
    plinth.partitions().ensureAhead();

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.parse("2030-12-31T23:59:59Z")))
        .containsExactly("readings_p203011");

    assertThat(names()).containsExactly("readings_p203012", "readings_p203101", "readings_p203102");
    assertThat(count("readings")).isOne();
    assertThat(query("SELECT to_regclass('plinth.readings_p203011')::text"))
        .containsExactly((String) null);
  }

  @Test
  void dropBefore_detachLeftHalfWay_isFinalized() throws SQLException {
    try (Connection reader = database.connect();
        Connection owner = database.connect()) {
      reader.setAutoCommit(false);
      Sql.query(reader, "SELECT value FROM plinth.readings", row -> row.getInt(1));
      Sql.execute(owner, "SET lock_timeout = '50ms'");
      assertThatThrownBy(
              () ->
                  Sql.execute(
                      owner,
                      "ALTER TABLE plinth.readings"
                          + " DETACH PARTITION plinth.readings_p203011 CONCURRENTLY"))
          .isInstanceOf(DatabaseException.class);
      assertThat(names()).containsExactly("readings_p203012", "readings_p203101");
      Sql.execute(
          owner, "COMMENT ON TABLE plinth.readings_p203011 IS 'Plinth is dropping this partition'");
      reader.rollback();
    }

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.EPOCH))
        .containsExactly("readings_p203011");
  }

  @Test
  void dropBefore_killedBeforeItDetachedAndDetachedByHandSince_keepsIt() {
    insert(ids);
    // What a kill between marking and detaching leaves.
    execute("COMMENT ON TABLE plinth.readings_p203011 IS 'Plinth is dropping this partition'");
    execute("ALTER TABLE plinth.readings DETACH PARTITION plinth.readings_p203011");

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.parse("2031-01-01T00:00:00Z")))
        .containsExactly("readings_p203012");
    assertThat(plinth.partitions().dropBefore(READINGS, Instant.parse("2031-01-01T00:00:00Z")))
        .isEmpty();

    assertThat(count("readings_p203011")).isOne();
    assertThat(query("SELECT obj_description('plinth.readings_p203011'::regclass)"))
        .containsExactly((String) null);
  }

  @Test
  void dropBefore_killedBeforeItDetached_goesOn() {
    execute("COMMENT ON TABLE plinth.readings_p203011 IS 'Plinth is dropping this partition'");

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.parse("2030-12-01T00:00:00Z")))
        .containsExactly("readings_p203011");
  }

  @Test
  void dropBefore_killedAfterItDetached_dropsIt() throws SQLException {
    execute("COMMENT ON TABLE plinth.readings_p203011 IS 'Plinth is dropping this partition'");
    try (Connection owner = database.connect()) {
      Sql.execute(
          owner,
          "ALTER TABLE plinth.readings DETACH PARTITION plinth.readings_p203011 CONCURRENTLY");
    }

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.EPOCH))
        .containsExactly("readings_p203011");
  }

  @Test
  void dropBefore_processKilledWhileItDetaches_theNextCallFinishes() throws Exception {
    insert(ids);
    try (Connection reader = database.connect()) {
      reader.setAutoCommit(false);
      Sql.query(reader, "SELECT value FROM plinth.readings", row -> row.getInt(1));
      try (ForkedJvm node = ForkedJvm.start(Dropper.class, database.url())) {
        // Marked as pending in the catalogue, and waiting for the reader.
        await().until(() -> names().size() == 2);
        node.kill();
      }
      reader.rollback();
    }

    await()
        .until(
            () ->
                plinth.partitions().dropBefore(READINGS, Instant.EPOCH).size() == 1
                    || query("SELECT to_regclass('plinth.readings_p203011')::text").get(0) == null);
    assertThat(query("SELECT to_regclass('plinth.readings_p203011')::text"))
        .containsExactly((String) null);
    assertThat(names()).containsExactly("readings_p203012", "readings_p203101");
  }

  /** Drops November until it is killed. */
  static final class Dropper {
    private Dropper() {}

    public static void main(String[] args) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      try (Plinth plinth =
          TestDatabase.attach(args[0])
              .plinth(source)
              .modules(List.of(new PartedModule()))
              .build()) {
        plinth.partitions().dropBefore(READINGS, Instant.parse("2030-12-01T00:00:00Z"));
      }
    }
  }

  @Test
  void dropBefore_detachedByHand_leavesThatAlone() {
    execute("ALTER TABLE plinth.readings DETACH PARTITION plinth.readings_p203011");

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.parse("2031-01-01T00:00:00Z")))
        .containsExactly("readings_p203012");

    assertThat(count("readings_p203011")).isZero();
  }

  @Test
  void dropBefore_tableLockedForAWhile_triesAgain() throws Exception {
    try (Connection other = database.connect()) {
      CompletableFuture<List<String>> dropping = dropWhileLocked(other);
      other.rollback();

      assertThat(dropping.get()).containsExactly("readings_p203011");
    }
  }

  @Test
  void dropBefore_detachedByHandWhileItWaits_leavesThatAloneForGood() throws Exception {
    try (Connection human = database.connect()) {
      CompletableFuture<List<String>> dropping = dropWhileLocked(human);
      Sql.execute(human, "ALTER TABLE plinth.readings DETACH PARTITION plinth.readings_p203011");
      human.commit();

      assertThatThrownBy(dropping::get).hasMessageContaining("is not a partition of");
    }

    assertThat(plinth.partitions().dropBefore(READINGS, Instant.parse("2031-01-01T00:00:00Z")))
        .containsExactly("readings_p203012");
    assertThat(count("readings_p203011")).isZero();
  }

  /** Drops November in another thread, which cannot begin for what the connection holds. */
  private CompletableFuture<List<String>> dropWhileLocked(Connection holder) throws SQLException {
    holder.setAutoCommit(false);
    Sql.execute(holder, "LOCK TABLE plinth.readings IN SHARE UPDATE EXCLUSIVE MODE");
    CompletableFuture<List<String>> dropping =
        CompletableFuture.supplyAsync(
            () -> plinth.partitions().dropBefore(READINGS, Instant.parse("2030-12-01T00:00:00Z")),
            threads);
    assertThatThrownBy(() -> dropping.get(500, TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
    return dropping;
  }

  @Test
  void dropBefore_readerStillLooking_waitsForItAndHoldsNobodyUp() throws Exception {
    try (Connection reader = database.connect()) {
      reader.setAutoCommit(false);
      Sql.query(reader, "SELECT value FROM plinth.readings", row -> row.getInt(1));
      database.clock().advance(DAYS_40);
      AtomicBoolean done = new AtomicBoolean();
      AtomicLong written = new AtomicLong();
      Future<?> writer =
          threads.submit(
              () -> {
                while (!done.get()) {
                  insert(ids);
                  query("SELECT count(*)::text FROM plinth.readings");
                  written.incrementAndGet();
                }
              });

      plinth.partitions().ensureAhead();
      CompletableFuture<List<String>> dropping =
          CompletableFuture.supplyAsync(
              () -> plinth.partitions().dropBefore(READINGS, Instant.parse("2030-12-01T00:00:00Z")),
              threads);
      // Detaching has begun and waits for the reader; whoever comes after it does not.
      await().until(() -> !names().contains("readings_p203011"));
      long before = written.get();
      await().until(() -> written.get() > before + 20);
      assertThat(dropping).isNotDone();
      reader.rollback();

      assertThat(dropping.get()).containsExactly("readings_p203011");
      done.set(true);
      writer.get();
    }
  }

  @Test
  void list_tableWithoutPartitions_isEmpty() {
    assertThat(
            plinth
                .partitions()
                .list(new PartitionedTable("nowhere", PartitionedTable.Period.DAY, 1)))
        .isEmpty();
  }

  private PlinthBuilder on(DataSource source) {
    return database.plinth(source).modules(List.of(new PartedModule()));
  }

  private static Partition partition(String name, String from, String to) {
    return new Partition(
        name, Instant.parse(from + "T00:00:00Z"), Instant.parse(to + "T00:00:00Z"));
  }

  private List<String> names() {
    return plinth.partitions().list(READINGS).stream().map(Partition::name).toList();
  }

  private void insert(UuidV7 generator) {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.readings (id, value) VALUES (?, 1)",
                generator.next()));
  }

  private int count(String table) {
    return Integer.parseInt(query("SELECT count(*)::text FROM plinth." + table).get(0));
  }

  private List<String> query(String sql) {
    return plinth.<List<String>, RuntimeException>transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  private static void assertDenied(Plinth app, String sql) {
    assertThatThrownBy(() -> app.transact(tx -> Sql.execute(tx.connection(), sql)))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("permission denied");
  }
}

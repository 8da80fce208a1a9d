package dev.plinth.core.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What health says of a database that is gone, hangs, is empty, or of a node that is not well. */
@PlinthTest
class HealthTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void started_everythingWell_isUpAndTellsAll(Plinth plinth) {
    plinth.start();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(plinth.health().notifications().state())
                    .isEqualTo(Health.Notifications.State.CONNECTED));
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(plinth.health().tasks()).hasSizeGreaterThanOrEqualTo(2));
    Health health = plinth.health(PATIENCE);

    assertThat(health.findings()).isEmpty();
    assertThat(health.status()).isEqualTo(HealthStatus.UP);
    assertThat(health.isServing()).isTrue();
    assertThat(health.database().version()).isNotBlank();
    assertThat(health.database().latency()).isPositive();
    assertThat(health.schema())
        .isNotEmpty()
        .allSatisfy(
            module -> {
              assertThat(module.version()).isEqualTo(module.known()).isPositive();
              assertThat(module.pending()).isEmpty();
              assertThat(module.tooNew()).isFalse();
            });
    assertThat(health.pool().max()).isEqualTo(10);
    assertThat(health.instance().id()).isEqualTo(plinth.instances().id());
    assertThat(health.instance().alive()).isTrue();
    assertThat(health.instance().heartbeatAt()).isNotNull();
    assertThat(health.replica()).isNull();
    assertThat(health.readings())
        .extracting(HealthReading::name)
        .contains("core.api_keys_expiring");
  }

  @Test
  void notStarted_isUpWithoutInstance(Plinth plinth) {
    Health health = plinth.health(PATIENCE);

    assertThat(health.status()).isEqualTo(HealthStatus.UP);
    assertThat(health.instance()).isNull();
    assertThat(health.notifications().state()).isEqualTo(Health.Notifications.State.OFF);
    assertThat(health.notifications().since()).isNull();
  }

  @Test
  void keyRingLacksAKeyInUse_isDegradedAndNamesTheDataKey(TestDatabase database) {
    byte[] bytes = new byte[32];
    try (Plinth first =
            database.plinth(database.pool(2)).keys(KeyRing.of("left-behind", bytes)).build();
        Plinth second = database.plinth(database.pool(2)).keys(KeyRing.of("new", bytes)).build()) {
      first.vault().encrypt(new Cell("notes", "body", "1"), bytes);
      second.vault().encrypt(new Cell("notes", "body", "2"), bytes);

      assertThat(first.health(PATIENCE).vault().currentDataKey()).isNotNull();
      Health health = second.health(PATIENCE);

      assertThat(health.status()).isEqualTo(HealthStatus.DEGRADED);
      assertThat(health.vault().unreadable()).hasSize(1);
      assertThat(health.findings())
          .singleElement()
          .satisfies(
              finding -> {
                assertThat(finding.part()).isEqualTo("vault");
                assertThat(finding.message())
                    .contains(health.vault().unreadable().keySet().iterator().next().toString())
                    .contains("left-behind");
              });
    }
  }

  @Test
  void closed_isDown(TestDatabase database) {
    Plinth closed = database.plinth(database.pool(1)).build();
    closed.close();

    assertThat(closed.health()).satisfies(isDown("plinth", "closed"));
  }

  @Test
  void schemaMissing_isDownAndSaysMigrate() {
    try (TestDatabase empty = TestDatabase.create();
        Plinth plinth = empty.plinth(empty.pool(2)).build()) {
      Health health = plinth.health(PATIENCE);

      assertThat(health).satisfies(isDown("schema", "plinth.migrations().migrate()"));
      assertThat(health.schema().get(0).version()).isZero();
    }
  }

  @Test
  void schemaTooNew_isDownAndSaysUpgrade(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.schema_changes (module, version, compatibility)"
                    + " VALUES ('core', 999, 'breaking')"));

    try {
      Health health = plinth.health(PATIENCE);

      assertThat(health).satisfies(isDown("schema", "upgrade this node"));
      assertThat(health.schema().get(0).tooNew()).isTrue();
    } finally {
      // What migrations wrote is not emptied between tests.
      plinth.transact(
          tx ->
              Sql.update(tx.connection(), "DELETE FROM plinth.schema_changes WHERE version = 999"));
    }
  }

  @Test
  void serverGone_isDown(TestDatabase database) {
    FaultyProxy network = FaultyProxy.to(database);
    HikariDataSource pool = pool(network, 2);
    Plinth plinth = database.plinth(pool).build();
    try (pool;
        plinth) {
      assertThat(plinth.health(PATIENCE).findings()).isEmpty();
      network.close();

      assertThat(plinth.health(PATIENCE)).satisfies(isDown("database", "database"));
    }
  }

  @Test
  void serverHangs_answersInTimeAndHoldsOneThread(TestDatabase database) throws Exception {
    try (FaultyProxy network = FaultyProxy.to(database);
        HikariDataSource pool = pool(network, 5);
        Plinth plinth = database.plinth(pool).build()) {
      assertThat(plinth.health(PATIENCE).findings()).isEmpty();
      network.delay(Duration.ofMinutes(5));
      List<CompletableFuture<Health>> asked = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        asked.add(
            CompletableFuture.supplyAsync(
                () -> plinth.health(Duration.ofMillis(500)), task -> new Thread(task).start()));
      }
      for (CompletableFuture<Health> each : asked) {
        // One that asks late joins a look that is given up before its own time ends.
        assertThat(each.get(1, TimeUnit.MINUTES))
            .satisfiesAnyOf(
                isDown("database", "within PT0.5S"), isDown("database", "The database was lost"));
      }
      // All ten shared one look at the database.
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isLessThanOrEqualTo(1);
      network.delay(Duration.ZERO);
      network.cutAll();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(plinth.health(PATIENCE).status()).isEqualTo(HealthStatus.UP));
    }
  }

  @Test
  void poolExhausted_isDownAndSaysSo(TestDatabase database) throws SQLException {
    HikariDataSource pool = database.pool(1);
    try (Plinth plinth = database.plinth(pool).build()) {
      try (Connection held = pool.getConnection()) {
        Health health = plinth.health(Duration.ofMillis(300));

        assertThat(held.isClosed()).isFalse();
        assertThat(health).satisfies(isDown("database", "pool is exhausted"));
        assertThat(health.pool().active()).isEqualTo(1);
        assertThat(health.pool().max()).isEqualTo(1);
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(plinth.health(PATIENCE).status()).isEqualTo(HealthStatus.UP));
    }
  }

  @Test
  void notificationsSwitchedOff_isUpAndOff(TestDatabase database) {
    try (Plinth plinth = database.plinth(database.pool(3)).withoutNotifications().build()) {
      plinth.start();

      Health health = plinth.health(PATIENCE);

      assertThat(health.notifications().state()).isEqualTo(Health.Notifications.State.OFF);
      assertThat(health.findings()).isEmpty();
    }
  }

  @Test
  void notificationsImpossible_isDegradedAndPolls(TestDatabase database) {
    try (FaultyProxy broken = FaultyProxy.to(database)) {
      broken.close();
      try (HikariDataSource unreachable = pool(broken, 1);
          Plinth plinth =
              database.plinth(database.pool(3)).notificationDataSource(unreachable).build()) {
        plinth.start();

        Health health = plinth.health(PATIENCE);

        assertThat(health.status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(health.notifications().state()).isEqualTo(Health.Notifications.State.POLLING);
        assertThat(health.notifications().since()).isNotNull();
        assertThat(health.findings())
            .extracting(Health.Finding::part)
            .containsExactly("notifications");
      }
    }
  }

  @Test
  void taskFailed_isDegradedWithItsError(Plinth plinth) {
    plinth
        .maintenance()
        .register(
            "test.fails",
            Duration.ofHours(1),
            () -> {
              throw new IllegalStateException("the disk is full");
            });
    plinth.maintenance().runNow("test.fails");

    Health health = plinth.health(PATIENCE);

    assertThat(health.status()).isEqualTo(HealthStatus.DEGRADED);
    assertThat(health.findings())
        .anySatisfy(
            finding -> {
              assertThat(finding.part()).isEqualTo("maintenance");
              assertThat(finding.message()).contains("test.fails").contains("the disk is full");
            });
    assertThat(health.isServing()).isTrue();
  }

  @Test
  void taskHangsOnAnotherNode_isOverdueAfterTwicePeriod(Plinth plinth, SettableClock clock) {
    plinth.start();
    clock.advance(Duration.ofHours(1));
    // Begun an hour ago, and still held by a node that has not given up.
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.maintenance_tasks (name, holder, lease_until, last_started_at)"
                    + " VALUES ('test.hangs', gen_random_uuid(), now() + interval '1 day', now())"));
    plinth.maintenance().register("test.hangs", Duration.ofMinutes(1), () -> {});

    Health health = plinth.health(PATIENCE);

    assertThat(health.tasks())
        .filteredOn(task -> task.name().equals("test.hangs"))
        .singleElement()
        .satisfies(
            task -> {
              assertThat(task.overdue()).isTrue();
              assertThat(task.running()).isTrue();
              assertThat(task.sinceStart()).isGreaterThan(Duration.ofMinutes(59));
            });
    assertThat(health.findings())
        .anySatisfy(
            finding -> assertThat(finding.message()).contains("test.hangs").contains("still runs"));
    assertThat(health.status()).isEqualTo(HealthStatus.DEGRADED);
  }

  @Test
  void questionFails_isFindingAndTheRestIsTold(Plinth plinth) {
    plinth.transact(
        tx -> Sql.execute(tx.connection(), "ALTER TABLE plinth.api_keys RENAME TO api_keys_gone"));

    Health health = plinth.health(PATIENCE);
    plinth.transact(
        tx -> Sql.execute(tx.connection(), "ALTER TABLE plinth.api_keys_gone RENAME TO api_keys"));

    assertThat(health.status()).isEqualTo(HealthStatus.DEGRADED);
    assertThat(health.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.part()).isEqualTo("core");
              assertThat(finding.message()).contains("could not be told");
            });
    assertThat(health.database()).isNotNull();
  }

  @Test
  void keysExpiring_areThoseInForceThatEndWithinSevenDays(Plinth plinth, SettableClock clock) {
    issue(plinth, Duration.ofDays(6));
    issue(plinth, Duration.ofDays(8));
    issue(plinth, null);
    issue(plinth, Duration.ofHours(1));
    plinth.apiKeys().revoke(issue(plinth, Duration.ofDays(6)));
    assertThat(keysExpiring(plinth)).isEqualTo(2);

    clock.advance(Duration.ofHours(2));
    assertThat(keysExpiring(plinth)).as("one has expired").isEqualTo(1);

    clock.advance(Duration.ofDays(1));
    assertThat(keysExpiring(plinth)).as("the later one is near by now").isEqualTo(2);
  }

  private static UUID issue(Plinth plinth, @Nullable Duration lifetime) {
    NewApiKey key = NewApiKey.of(KeyOwner.node("n"), "k");
    return plinth.apiKeys().issue(lifetime == null ? key : key.withLifetime(lifetime)).key().id();
  }

  private static double keysExpiring(Plinth plinth) {
    return plinth.health(PATIENCE).readings().stream()
        .filter(reading -> reading.name().equals("core.api_keys_expiring"))
        .mapToDouble(HealthReading::value)
        .sum();
  }

  @Test
  void timeout_outOfRange_isRefused(Plinth plinth) {
    for (Duration bad : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofHours(1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> plinth.health(bad))
          .withMessageStartingWith("timeout ");
    }
  }

  private static org.assertj.core.api.ThrowingConsumer<Health> isDown(String part, String says) {
    return health -> {
      assertThat(health.status()).isEqualTo(HealthStatus.DOWN);
      assertThat(health.isServing()).isFalse();
      assertThat(health.findings().get(0).status()).isEqualTo(HealthStatus.DOWN);
      assertThat(health.findings())
          .anySatisfy(
              finding -> {
                assertThat(finding.part()).isEqualTo(part);
                assertThat(finding.message()).contains(says);
              });
    };
  }

  private static HikariDataSource pool(FaultyProxy network, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(2_000);
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  @Test
  void dataSourceCannotSayWhatItWraps_isUpWithoutPool(TestDatabase database) {
    for (Throwable thrown :
        List.of(new IllegalStateException("no target"), new AbstractMethodError("isWrapperFor"))) {
      HikariDataSource target = database.pool(2);
      DataSource routing =
          (DataSource)
              Proxy.newProxyInstance(
                  HealthTest.class.getClassLoader(),
                  new Class<?>[] {DataSource.class},
                  (self, method, arguments) -> {
                    if (method.getName().equals("isWrapperFor")) {
                      throw thrown;
                    }
                    return method.invoke(target, arguments);
                  });
      try (Plinth plinth = database.plinth(routing).build()) {
        Health health = plinth.health(PATIENCE);

        assertThat(health.status()).isEqualTo(HealthStatus.UP);
        assertThat(health.pool()).isNull();
      }
    }
  }
}

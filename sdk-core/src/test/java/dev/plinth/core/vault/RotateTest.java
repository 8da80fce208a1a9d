package dev.plinth.core.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class RotateTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));

  private final TestDatabase database;
  private final DataSource pool;
  private final SettableClock clock;
  private Plinth plinth;
  private VaultKeys keys;

  RotateTest(TestDatabase database, DataSource pool, SettableClock clock) {
    this.database = database;
    this.pool = pool;
    this.clock = clock;
  }

  @BeforeEach
  void open() {
    plinth = Wares.plinth(database, pool, Wares.OLD_THEN_NEW);
    keys = plinth.vault().keys();
    Wares.create(plinth);
  }

  @AfterEach
  void close() {
    plinth.close();
  }

  @Test
  void rotate_valuesUnderOldKeys_areAllUnderTheNewest() {
    Wares.insert(plinth, 1, 450);
    keys.beginEpoch();
    Wares.insert(plinth, 451, 500);
    plinth.transact(
        tx -> Sql.execute(tx.connection(), "INSERT INTO shop.wares (id) VALUES (1000)"));
    Map<Long, String> before = Wares.read(plinth);
    UUID target = keys.beginEpoch().id();

    Rotation rotation = keys.rotate();

    assertThat(Wares.byDataKey(plinth)).isEqualTo(Map.of(target, 500L));
    assertThat(Wares.read(plinth)).isEqualTo(before);
    assertThat(rotation.rotated()).isEqualTo(500);
    assertThat(rotation.failed()).isZero();
    assertThat(ware(rotation).examined()).isEqualTo(501);
    assertThat(ware(rotation).targetId()).isEqualTo(target);
  }

  @Test
  void rotate_soonAfterAnEpochBegan_isFinishedByALaterPass() {
    Wares.insert(plinth, 1, 10);
    keys.beginEpoch();

    assertThat(keys.rotate().isFinished())
        .as("another node may still encrypt under the key of before")
        .isFalse();

    clock.advance(Duration.ofMinutes(2));
    assertThat(keys.rotate().isFinished()).isTrue();
  }

  @Test
  void rotate_again_findsNothingToDo() {
    Wares.insert(plinth, 1, 10);
    keys.beginEpoch();
    clock.advance(Duration.ofMinutes(3));
    keys.rotate();

    Rotation again = keys.rotate();

    assertThat(again.rotated()).isZero();
    assertThat(again.isFinished()).isTrue();
  }

  @Test
  void rotate_keyOfSeveralColumns_works() {
    EncryptedColumn column =
        EncryptedColumn.of("parts", "secret").withSchema("shop").withKey("ware", "name");
    keys.register(column);
    List<String> names = List.of("a", "a|b", "a\\", "|", "ä 'quoted' \"twice\"");
    plinth.transact(
        tx -> {
          Sql.execute(
              tx.connection(),
              "DROP TABLE IF EXISTS shop.parts; CREATE TABLE shop.parts (ware uuid, name varchar(50),"
                  + " secret bytea, PRIMARY KEY (name, ware))");
          for (String name : names) {
            UUID ware = plinth.ids().next();
            byte[] sealed =
                plinth
                    .vault()
                    .in(tx)
                    .encrypt(
                        Cell.of("parts", "secret", ware.toString(), name), name.getBytes(UTF_8));
            Sql.update(
                tx.connection(), "INSERT INTO shop.parts VALUES (?, ?, ?)", ware, name, sealed);
          }
        });
    UUID old = Wares.newest(plinth);
    keys.beginEpoch();

    assertThat(keys.references(old))
        .filteredOn(one -> one.table().equals("parts"))
        .containsExactly(new KeyReference("shop", "parts", "secret", names.size(), false));
    keys.rotate();

    assertThat(keys.references(old)).extracting(KeyReference::values).containsOnly(0L);
    plinth.transact(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT ware::text, name, secret FROM shop.parts",
                row -> {
                  Cell cell = Cell.of("parts", "secret", row.getString(1), row.getString(2));
                  assertThat(plinth.vault().in(tx).decrypt(cell, row.getBytes(3)))
                      .asString(UTF_8)
                      .isEqualTo(row.getString(2));
                  return 1;
                }));
    plinth.transact(tx -> Sql.execute(tx.connection(), "DROP TABLE shop.parts"));
  }

  @Test
  void rotate_valueThatCannotBeDecrypted_isCountedAndLeftAlone() {
    Wares.insert(plinth, 1, 5);
    UUID old = Wares.newest(plinth);
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "UPDATE shop.wares SET secret = secret || '\\x00'::bytea WHERE id = 3"));
    keys.beginEpoch();

    Rotation rotation = keys.rotate();

    assertThat(rotation.failed()).isOne();
    assertThat(rotation.rotated()).isEqualTo(4);
    assertThat(ware(rotation).lastError())
        .isEqualTo(
            "The value of wares.secret (row 3) does not fit its tag: it was changed, or belongs to"
                + " another row or column; restore it from a backup");
    assertThat(keys.health().undecryptable()).isOne();
    assertThatThrownBy(() -> keys.retire(old)).isInstanceOf(KeyInUseException.class);
  }

  @Test
  void rotate_rowLockedByAWriter_waitsForNobodyAndComesBack() throws Exception {
    Wares.insert(plinth, 1, 5);
    keys.beginEpoch();
    clock.advance(Duration.ofMinutes(3));
    try (Connection writer = pool.getConnection()) {
      writer.setAutoCommit(false);
      Sql.execute(writer, "SELECT 1 FROM shop.wares WHERE id = 2 FOR UPDATE");

      Rotation rotation = keys.rotate();

      assertThat(ware(rotation).contended()).isOne();
      assertThat(rotation.isFinished()).isFalse();
      assertThat(Wares.byDataKey(plinth)).hasSize(2);
      writer.rollback();
    }
    assertThat(keys.rotate().isFinished()).isTrue();
    assertThat(Wares.byDataKey(plinth)).hasSize(1);
  }

  @Test
  void rotate_valueWrittenAfterItWasRead_isNeverOverwritten() throws Exception {
    int writers = 4;
    int wares = 40;
    Wares.insert(plinth, 1, wares);
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong[] versions = new AtomicLong[wares + 1];
    AtomicLong reads = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(writers + 2);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i <= wares; i++) {
        versions[i] = new AtomicLong();
      }
      for (int w = 0; w < writers; w++) {
        int mine = w;
        running.add(
            threads.submit(
                () -> {
                  while (!over.get()) {
                    for (long id = 1 + mine; id <= wares; id += writers) {
                      long ware = id;
                      long version = versions[(int) ware].get() + 1;
                      plinth.transact(
                          tx ->
                              Sql.update(
                                  tx.connection(),
                                  "UPDATE shop.wares SET secret = ? WHERE id = ?",
                                  Wares.seal(plinth, ware, version),
                                  ware));
                      versions[(int) ware].set(version);
                    }
                  }
                  return null;
                }));
      }
      for (int r = 0; r < 2; r++) {
        running.add(
            threads.submit(
                () -> {
                  while (!over.get()) {
                    assertThat(Wares.read(plinth)).hasSize(wares);
                    reads.incrementAndGet();
                  }
                  return null;
                }));
      }
      int rounds = LARGE ? 100 : 8;
      for (int round = 0; round < rounds; round++) {
        keys.beginEpoch();
        keys.rotate();
      }
      over.set(true);
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      over.set(true);
      threads.shutdownNow();
    }
    clock.advance(Duration.ofMinutes(3));
    assertThat(keys.rotate().isFinished()).isTrue();
    Map<Long, String> values = Wares.read(plinth);
    for (long id = 1; id <= wares; id++) {
      assertThat(values.get(id)).isEqualTo("ware " + id + " version " + versions[(int) id].get());
    }
    assertThat(Wares.byDataKey(plinth)).containsOnlyKeys(Wares.newest(plinth));
    System.out.println(
        "rotate race: "
            + reads
            + " full reads, "
            + java.util.Arrays.stream(versions).mapToLong(AtomicLong::get).sum()
            + " writes");
  }

  @Test
  void rotate_byTwoNodesAtOnce_rotatesEveryValueOnce() throws Exception {
    int wares = LARGE ? 20_000 : 1_500;
    Wares.insert(plinth, 1, wares);
    UUID target = keys.beginEpoch().id();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Plinth other = Wares.plinth(database, pool, Wares.OLD_THEN_NEW)) {
      Future<Rotation> first = threads.submit(keys::rotate);
      Future<Rotation> second = threads.submit(() -> other.vault().keys().rotate());
      first.get();
      second.get();
    } finally {
      threads.shutdownNow();
    }
    clock.advance(Duration.ofMinutes(3));
    assertThat(keys.rotate().isFinished()).isTrue();
    assertThat(Wares.byDataKey(plinth)).isEqualTo(Map.of(target, (long) wares));
    assertThat(Wares.read(plinth)).hasSize(wares);
  }

  @Test
  void requestRotation_isWorkedOffByTheMaintenanceTask() {
    Wares.insert(plinth, 1, 10);
    keys.beginEpoch();
    clock.advance(Duration.ofMinutes(3));
    assertThat(keys.requestRotation().isFinished()).isFalse();

    plinth.maintenance().runNow("core.vault_rotation");

    assertThat(keys.rotation().isFinished()).isTrue();
    assertThat(Wares.byDataKey(plinth)).hasSize(1);
  }

  @Test
  void rollingKeyChange_everyNodeReadsEveryOther() {
    Wares.insert(plinth, 1, 5);
    try (Plinth turned = Wares.plinth(database, pool, Wares.NEW_THEN_OLD)) {
      Wares.insert(turned, 6, 10);
      turned.vault().keys().rotate();
      Wares.insert(plinth, 11, 15);

      assertThat(Wares.read(plinth)).hasSize(15);
      assertThat(Wares.read(turned)).hasSize(15);
      assertThat(Wares.byDataKey(plinth)).hasSize(2);
    }
    try (Plinth stranger = Wares.plinth(database, pool, Wares.OLD)) {
      assertThatThrownBy(() -> Wares.read(stranger))
          .isInstanceOfSatisfying(
              UnknownKeyException.class, e -> assertThat(e.keyId()).isEqualTo("new"));
    }
  }

  @Test
  void rewrap_changesNoValue_andFreesTheOldKey() {
    Wares.insert(plinth, 1, 5);
    keys.beginEpoch();
    Map<UUID, Long> before = Wares.byDataKey(plinth);
    try (Plinth turned = Wares.plinth(database, pool, Wares.NEW_THEN_OLD)) {
      VaultKeys theirs = turned.vault().keys();
      assertThat(theirs.references("old")).hasSize(2);
      assertThatThrownBy(() -> theirs.retireKey("old"))
          .isInstanceOf(KeyInUseException.class)
          .hasMessage(
              "The key \"old\" wraps 2 data keys: put another one first in every key ring and rewrap");

      assertThat(theirs.rewrap()).isEqualTo(2);
      assertThat(theirs.rewrap()).isZero();
      theirs.retireKey("old");

      assertThat(theirs.references("old")).isEmpty();
      assertThat(Wares.byDataKey(turned)).isEqualTo(before);
    }
    try (Plinth later = Wares.plinth(database, pool, Wares.NEW)) {
      assertThat(Wares.read(later)).hasSize(5);
    }
  }

  @Test
  void encrypt_onANodeWhoseCurrentKeyIsRetired_goesAlongWithTheNewest() {
    Wares.insert(plinth, 1, 1);
    try (Plinth turned = Wares.plinth(database, pool, Wares.NEW_THEN_OLD);
        Plinth late = Wares.plinth(database, pool, Wares.OLD_THEN_NEW)) {
      turned.vault().keys().rewrap();
      turned.vault().keys().retireKey("old");

      Wares.insert(late, 2, 2);

      assertThat(Wares.read(turned)).hasSize(2);
      assertThat(keys.references("old")).isEmpty();
      assertThatThrownBy(() -> late.vault().keys().beginEpoch())
          .isInstanceOf(VaultException.class)
          .hasMessageContaining("is retired: put a newer key first in the ring");
    }
  }

  private static Rotation.Progress ware(Rotation rotation) {
    return rotation.columns().stream()
        .filter(one -> one.table().equals("wares"))
        .findFirst()
        .orElseThrow();
  }
}

package dev.plinth.core.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest
class RetireTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int WARES = 100;
  private static final Duration FENCE = Duration.ofMinutes(62);

  private final TestDatabase database;
  private final DataSource pool;
  private final SettableClock clock;
  private Plinth plinth;
  private Plinth other;
  private VaultKeys keys;

  RetireTest(TestDatabase database, DataSource pool, SettableClock clock) {
    this.database = database;
    this.pool = pool;
    this.clock = clock;
  }

  @BeforeEach
  void open() {
    plinth = Wares.plinth(database, pool, Wares.OLD);
    other = Wares.plinth(database, pool, Wares.OLD);
    keys = plinth.vault().keys();
    Wares.create(plinth);
  }

  @AfterEach
  void close() {
    plinth.close();
    other.close();
  }

  @Test
  void retire_keyStillReferenced_namesColumnsAndNumbers() {
    Wares.insert(plinth, 1, 3);
    UUID old = Wares.newest(plinth);
    keys.beginEpoch();

    assertThatThrownBy(() -> keys.retire(old))
        .isInstanceOfSatisfying(
            KeyInUseException.class,
            e ->
                assertThat(e.references())
                    .containsExactly(new KeyReference("shop", "wares", "secret", 3, true)))
        .hasMessage(
            "Values are encrypted under the data key "
                + old
                + ": rotate first"
                + " (shop.wares.secret: 3)");
    assertThat(keys.list().get(0).retiredAt()).isNull();
  }

  @Test
  void references_ofAColumnThatThisNodeDoesNotKnow_areCountedAllTheSame() {
    Wares.insert(plinth, 1, 3);
    plinth.vault().keys().references(Wares.newest(plinth));
    UUID old = Wares.newest(plinth);
    keys.beginEpoch();
    try (Plinth tool = database.plinth(pool).keys(Wares.OLD).build()) {
      assertThatThrownBy(() -> tool.vault().keys().retire(old))
          .isInstanceOf(KeyInUseException.class)
          .hasMessageContaining("shop.wares.secret: 3");
    }
  }

  @Test
  void retire_newestKeyOrTargetOfARotation_isRefused() {
    Wares.insert(plinth, 1, 1);
    UUID newest = Wares.newest(plinth);
    assertThatThrownBy(() -> keys.retire(newest))
        .isInstanceOf(KeyInUseException.class)
        .hasMessageContaining("is the one that new values are encrypted under");

    keys.requestRotation();
    keys.beginEpoch();
    assertThatThrownBy(() -> keys.retire(newest))
        .isInstanceOf(KeyInUseException.class)
        .hasMessageContaining("A rotation that has not finished leads to");
  }

  @Test
  void destroy_inUse_orTooEarly_isRefused() {
    UUID old = retired();

    assertThatThrownBy(() -> keys.destroy(Wares.newest(plinth)))
        .isInstanceOf(VaultException.class)
        .hasMessageContaining("is in use: retire it first");
    assertThatThrownBy(() -> keys.destroy(old))
        .isInstanceOf(VaultException.class)
        .hasMessageContaining("less than an hour and a minute ago");
    clock.advance(FENCE);
    assertThat(keys.destroy(old).destroyedAt()).isNotNull();
    assertThat(keys.destroy(old).destroyedAt()).as("again").isNotNull();
  }

  @Test
  void destroy_valueEncryptedByANodeThatHadTheKeyInMemory_isRefusedUntilRotated() {
    other.vault().encrypt(Wares.cell(1), new byte[1]);
    UUID old = retired();

    Wares.insert(other, 7, 7);
    assertThat(Wares.byDataKey(plinth)).containsKey(old);
    clock.advance(FENCE);

    assertThatThrownBy(() -> keys.destroy(old))
        .isInstanceOf(KeyInUseException.class)
        .hasMessageContaining("shop.wares.secret: 1");
    keys.rotate();
    byte[] kept = Wares.seal(other, 9, 0);
    keys.destroy(old);
    assertThat(Wares.read(other)).containsOnlyKeys(1L, 7L);
    assertThat(plinth.vault().decrypt(Wares.cell(9), kept)).isNotEmpty();
  }

  @Test
  void destroy_valueWrittenAndNotCommitted_waitsForItsTransaction() throws Exception {
    UUID old;
    try (Connection writer = pool.getConnection()) {
      byte[] sealed = Wares.seal(other, 7, 0);
      old = retired();
      writer.setAutoCommit(false);
      Sql.update(writer, "INSERT INTO shop.wares (id, secret) VALUES (7, ?)", (Object) sealed);
      clock.advance(FENCE);

      assertThatThrownBy(() -> keys.destroy(old))
          .isInstanceOf(VaultException.class)
          .hasMessageContaining("Transactions are still running that were writing");
      writer.commit();
    }
    assertThatThrownBy(() -> keys.destroy(old)).isInstanceOf(KeyInUseException.class);
    assertThat(Wares.read(plinth)).containsKey(7L);
  }

  @Test
  void decrypt_afterTheKeyWasDestroyed_saysSo() {
    byte[] lost = Wares.seal(other, 9, 0);
    UUID old = retired();
    clock.advance(FENCE);
    keys.destroy(old);

    assertThatThrownBy(() -> plinth.vault().decrypt(Wares.cell(9), lost))
        .isInstanceOf(VaultException.class)
        .hasMessage(
            "The data key "
                + old
                + " was destroyed, so what was encrypted under it cannot be"
                + " decrypted any more");
  }

  @Test
  void retireAndDestroy_whileAnotherNodeEncrypts_loseNoValue() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong ids = new AtomicLong();
    // Held while a value is on its way, which no test may make last an hour.
    ReadWriteLock time = new ReentrantReadWriteLock(true);
    ExecutorService threads = Executors.newFixedThreadPool(3);
    int destroyed = 0;
    try {
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        writers.add(
            threads.submit(
                () -> {
                  while (!over.get()) {
                    time.readLock().lock();
                    try {
                      write(ids.incrementAndGet() % WARES);
                    } finally {
                      time.readLock().unlock();
                    }
                  }
                  return null;
                }));
      }
      int rounds = LARGE ? 60 : 4;
      for (int round = 0; round < rounds; round++) {
        keys.beginEpoch();
        for (DataKeyInfo key : keys.list()) {
          destroyed += end(key, time);
        }
      }
      over.set(true);
      for (Future<?> one : writers) {
        one.get();
      }
    } finally {
      over.set(true);
      threads.shutdownNow();
    }
    long written = Math.min(ids.get(), WARES);
    try (Plinth fresh = Wares.plinth(database, pool, Wares.OLD)) {
      assertThat(Wares.read(fresh)).hasSize((int) written);
    }
    assertThat(destroyed).isPositive();
    System.out.println("retire race: " + ids + " values, " + destroyed + " keys destroyed");
  }

  private void write(long id) {
    other.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO shop.wares (id, secret) VALUES (?, ?)"
                    + " ON CONFLICT (id) DO UPDATE SET secret = excluded.secret",
                id,
                Wares.seal(other, id, 0)));
  }

  private int end(DataKeyInfo key, ReadWriteLock time) {
    if (key.destroyedAt() != null) {
      return 0;
    }
    try {
      if (key.retiredAt() == null) {
        keys.rotate();
        keys.retire(key.id());
      }
      time.writeLock().lock();
      try {
        clock.advance(FENCE);
      } finally {
        time.writeLock().unlock();
      }
      keys.rotate();
      keys.destroy(key.id());
      return 1;
    } catch (KeyInUseException e) {
      return 0;
    }
  }

  @Test
  void uses_areCountedAndANewEpochBeginsAtHalfTheBound() {
    for (int i = 0; i < 10; i++) {
      plinth.vault().encrypt(Wares.cell(1), "x".getBytes(UTF_8));
    }
    clock.advance(Duration.ofMinutes(2));
    plinth.vault().encrypt(Wares.cell(1), "x".getBytes(UTF_8));
    assertThat(keys.list()).extracting(DataKeyInfo::uses).containsExactly(10L);

    uses((1L << 31) + 1);
    assertThat(keys.health().nearLimit()).hasSize(1);

    clock.advance(Duration.ofMinutes(2));
    plinth.vault().encrypt(Wares.cell(1), "x".getBytes(UTF_8));
    assertThat(keys.list()).extracting(DataKeyInfo::epoch).containsExactly(1, 2);
    assertThat(keys.health().nearLimit()).isEmpty();
  }

  @Test
  void dataKeyOfNinetyDays_isFollowedByANewEpochOnce() {
    byte[] first = Wares.seal(plinth, 1, 0);
    clock.advance(Duration.ofDays(91));

    Wares.seal(plinth, 2, 0);
    Wares.seal(other, 3, 0);

    assertThat(keys.list()).hasSize(2);
    assertThat(plinth.vault().decrypt(Wares.cell(1), first)).isNotEmpty();
  }

  @Test
  void keys_insideATransaction_areNotChanged() {
    UUID key = UUID.randomUUID();
    List.<Runnable>of(
            keys::beginEpoch,
            keys::rewrap,
            keys::rotate,
            keys::requestRotation,
            () -> keys.retire(key),
            () -> keys.retireKey("old"),
            () -> keys.destroy(key))
        .forEach(
            call ->
                assertThatThrownBy(() -> plinth.transact(tx -> call.run()))
                    .isInstanceOf(VaultException.class)
                    .hasMessageContaining("call this outside it"));
  }

  @Test
  void arguments_bad_areRefused() {
    assertThatThrownBy(() -> keys.retire(UUID.randomUUID()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dataKeyId must be that of a data key in vault_data_keys");
    assertThatThrownBy(() -> keys.retireKey(" ")).hasMessage("keyId must not be blank");
    assertThatThrownBy(() -> keys.references("x".repeat(101)))
        .hasMessage("keyId must have at most 100 characters, but has 101");
    assertThatThrownBy(() -> EncryptedColumn.of("a\0", "b"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> EncryptedColumn.of("a|b", "c"))
        .hasMessage("table and column must not contain |, which separates them from the row");
    assertThatThrownBy(() -> EncryptedColumn.of("a", "b").withKey())
        .hasMessage("the number of columns in key must be between 1 and 8, but is 0");
    assertThatThrownBy(() -> EncryptedColumn.of("a", "b").withKey("c", "c"))
        .hasMessage("key must name each column once");
  }

  @Test
  void columnNotAsRegistered_isRefusedWithTheReason() {
    keys.register(EncryptedColumn.of("wares", "secret").withSchema("shop").withKey("nothing"));
    assertThatThrownBy(keys::rotate)
        .isInstanceOf(VaultException.class)
        .hasMessageContaining("its key column nothing does not exist");
  }

  @Test
  void health_keyMissingFromTheRing_namesTheDataKeys() {
    Wares.insert(plinth, 1, 1);
    UUID key = Wares.newest(plinth);
    try (Plinth wrong = database.plinth(pool).keys(Wares.NEW).build()) {
      VaultHealth health = wrong.vault().keys().health();

      assertThat(health.isHealthy()).isFalse();
      assertThat(health.unreadable()).containsOnlyKeys(key);
      assertThat(health.unreadable().get(key)).contains("The vault has no key \"old\"");
    }
    assertThat(keys.health().isHealthy()).isTrue();
    assertThat(keys.health().currentDataKey()).isEqualTo(key);
  }

  @Test
  void afterRestore_nextValueBeginsAnEpoch() {
    Wares.insert(plinth, 1, 1);
    UUID before = Wares.newest(plinth);

    other.afterRestore(RestoreOptions.defaults());

    try (Plinth restarted = Wares.plinth(database, pool, Wares.OLD)) {
      Wares.insert(restarted, 2, 2);
      assertThat(Wares.newest(restarted)).isNotEqualTo(before);
      assertThat(Wares.read(restarted)).hasSize(2);
      assertThat(restarted.vault().keys().health().isHealthy()).isTrue();
    }
  }

  /** A data key that was in use, and is retired. */
  private UUID retired() {
    Wares.insert(plinth, 1, 1);
    UUID old = Wares.newest(plinth);
    keys.beginEpoch();
    keys.rotate();
    keys.retire(old);
    return old;
  }

  private void uses(long number) {
    plinth.transact(
        tx -> Sql.update(tx.connection(), "UPDATE plinth.vault_data_keys SET uses = ?", number));
  }
}

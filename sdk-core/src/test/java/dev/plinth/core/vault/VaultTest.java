package dev.plinth.core.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.SecretKey;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

@PlinthTest
class VaultTest {
  private static final Cell CELL = new Cell("oauth2_tokens", "access_token", "r1");
  private static final byte[] PLAIN = "gho_a-very-secret-token".getBytes(UTF_8);
  private static final KeyRing RING = KeyRing.of("2026-11", key(1));

  private final TestDatabase database;
  private final DataSource pool;

  VaultTest(TestDatabase database, DataSource pool) {
    this.database = database;
    this.pool = pool;
  }

  @BeforeEach
  void noDataKeys(Plinth plinth) {
    plinth.transact(tx -> Sql.execute(tx.connection(), "DELETE FROM plinth.vault_data_keys"));
  }

  @Test
  void encrypt_decrypt_givesTheValueBack() {
    Vault vault = vault(RING);

    for (int length : new int[] {0, 1, 15, 16, 17, 100_000}) {
      byte[] plain = new byte[length];
      Arrays.fill(plain, (byte) 'x');
      byte[] sealed = vault.encrypt(CELL, plain);

      assertThat(sealed).hasSize(1 + 16 + 12 + length + 16);
      assertThat(vault(RING).decrypt(CELL, sealed)).isEqualTo(plain);
    }
    assertThat(vault.encrypt(CELL, PLAIN)).isNotEqualTo(vault.encrypt(CELL, PLAIN));
    assertThat(epochs()).containsExactly("1 2026-11");
  }

  @Test
  void decrypt_everyByteChanged_isTampered() {
    Vault vault = vault(RING);
    byte[] sealed = vault.encrypt(CELL, PLAIN);

    for (int i = 0; i < sealed.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] changed = sealed.clone();
        changed[i] ^= (byte) (1 << bit);
        assertThatThrownBy(() -> vault.decrypt(CELL, changed))
            .as("bit %s of byte %s", bit, i)
            .isInstanceOf(TamperedException.class);
      }
    }
  }

  @Test
  void decrypt_cutAnywhere_isTampered() {
    Vault vault = vault(RING);
    byte[] sealed = vault.encrypt(CELL, PLAIN);

    for (int length = 0; length < sealed.length; length++) {
      byte[] cut = Arrays.copyOf(sealed, length);
      assertThatThrownBy(() -> vault.decrypt(CELL, cut)).isInstanceOf(TamperedException.class);
    }
    assertThatThrownBy(() -> vault.decrypt(CELL, new byte[3]))
        .hasMessage(
            "The value of oauth2_tokens.access_token (row r1) has 3 bytes, fewer than the 45 of the"
                + " shortest: it was cut, or never encrypted by this vault");
  }

  @Test
  void decrypt_movedToAnotherCell_isTampered() {
    Vault vault = vault(RING);
    byte[] sealed = vault.encrypt(CELL, PLAIN);

    for (Cell other :
        List.of(
            new Cell("oauth2_tokens", "access_token", "r2"),
            new Cell("oauth2_tokens", "refresh_token", "r1"),
            new Cell("credentials", "access_token", "r1"))) {
      assertThatThrownBy(() -> vault.decrypt(other, sealed))
          .isInstanceOf(TamperedException.class)
          .hasMessageContaining("it was changed, or belongs to another row or column");
    }
  }

  @Test
  void decrypt_unknownVersion_saysSo() {
    byte[] sealed = vault(RING).encrypt(CELL, PLAIN);
    sealed[0] = 2;

    assertThatThrownBy(() -> vault(RING).decrypt(CELL, sealed))
        .isInstanceOf(TamperedException.class)
        .hasMessageContaining("is of version 2, and this Plinth knows version 1 only");
  }

  @Test
  void decrypt_dataKeyOfAnotherDatabase_saysSo() {
    byte[] sealed = vault(RING).encrypt(CELL, PLAIN);
    noRows();

    assertThatThrownBy(() -> vault(RING).decrypt(CELL, sealed))
        .isInstanceOf(TamperedException.class)
        .hasMessageContaining("which is not in vault_data_keys");
  }

  @Test
  void decrypt_keyMissingFromTheRing_namesIt() {
    byte[] sealed = vault(RING).encrypt(CELL, PLAIN);

    assertThatThrownBy(() -> vault(KeyRing.of("2027-01", key(2))).decrypt(CELL, sealed))
        .isInstanceOfSatisfying(
            UnknownKeyException.class, e -> assertThat(e.keyId()).isEqualTo("2026-11"))
        .hasMessageContaining("add it to the key ring");
  }

  @Test
  void wrongKeyUnderTheSameId_encryptDecryptAndStart_areRefused() {
    byte[] sealed = vault(RING).encrypt(CELL, PLAIN);
    KeyRing wrong = KeyRing.of("2026-11", key(9));

    assertThatThrownBy(() -> vault(wrong).decrypt(CELL, sealed))
        .isInstanceOf(TamperedException.class)
        .hasMessageContaining("Give back the key that had this id");
    assertThatThrownBy(() -> vault(wrong).encrypt(CELL, PLAIN))
        .isInstanceOf(TamperedException.class);
    try (Plinth plinth = plinth(wrong, pool)) {
      assertThatThrownBy(plinth::start).isInstanceOf(TamperedException.class);
    }
  }

  @Test
  void newKeyFirstInTheRing_beginsAnEpoch_andOldValuesStayReadable() {
    byte[] old = vault(RING).encrypt(CELL, PLAIN);
    KeyRing newer = KeyRing.of("2027-01", key(2)).and("2026-11", key(1));
    byte[] fresh = vault(newer).encrypt(CELL, PLAIN);

    assertThat(epochs()).containsExactly("1 2026-11", "2 2027-01");
    assertThat(vault(newer).decrypt(CELL, old)).isEqualTo(PLAIN);
    assertThat(vault(newer).decrypt(CELL, fresh)).isEqualTo(PLAIN);
    // A node on which the old key is still current goes on with its epoch.
    vault(RING.and("2027-01", key(2))).encrypt(CELL, PLAIN);
    assertThat(epochs()).hasSize(2);
  }

  @Test
  void newEpochOfAnotherNode_isTakenUpWithinAMinute() {
    SettableClock clock = new SettableClock();
    Vault vault = Plinth.builder().dataSource(pool).keys(RING).clock(clock).build().vault();
    vault.encrypt(CELL, PLAIN);
    try (Connection connection = pool.getConnection()) {
      Sql.execute(
          connection, "UPDATE plinth.vault_data_keys SET retired_at = now() WHERE epoch = 1");
    } catch (java.sql.SQLException e) {
      throw new AssertionError(e);
    }
    vault.encrypt(CELL, PLAIN);
    assertThat(epochs()).hasSize(1);

    clock.advance(Duration.ofSeconds(61));
    vault.encrypt(CELL, PLAIN);

    assertThat(epochs()).containsExactly("1 2026-11", "2 2026-11");
  }

  @RepeatedTest(10)
  void firstUse_bySixteenNodesAtOnce_makesOneDataKeyAndAllReadEachOther() throws Exception {
    int nodes = 16;
    CountDownLatch ready = new CountDownLatch(nodes);
    ExecutorService threads = Executors.newFixedThreadPool(nodes);
    try {
      List<Future<byte[]>> sealed = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        Vault vault = vault(RING);
        sealed.add(
            threads.submit(
                () -> {
                  ready.countDown();
                  ready.await();
                  return vault.encrypt(CELL, PLAIN);
                }));
      }
      for (Future<byte[]> one : sealed) {
        assertThat(vault(RING).decrypt(CELL, one.get())).isEqualTo(PLAIN);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(epochs()).containsExactly("1 2026-11");
  }

  @Test
  void firstUseInAHostTransaction_rolledBack_keepsTheDataKey() throws Exception {
    try (Plinth plinth = plinth(RING, pool);
        Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      byte[] sealed = plinth.vault().in(plinth.join(host)).encrypt(CELL, PLAIN);
      host.rollback();

      assertThat(vault(RING).decrypt(CELL, sealed)).isEqualTo(PLAIN);
      byte[] later = plinth.vault().encrypt(CELL, PLAIN);
      assertThat(vault(RING).decrypt(CELL, later)).isEqualTo(PLAIN);
    }
  }

  @Test
  void firstUseInASnapshotOlderThanTheDataKey_works() {
    try (Plinth plinth = plinth(RING, pool)) {
      TxOptions snapshot = TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ);
      plinth.transact(
          snapshot,
          tx -> {
            Sql.query(tx.connection(), "SELECT 1", row -> 1);
            byte[] theirs = vault(RING).encrypt(CELL, PLAIN);
            byte[] ours = plinth.vault().in(tx).encrypt(CELL, PLAIN);
            assertThat(plinth.vault().in(tx).decrypt(CELL, ours)).isEqualTo(PLAIN);
            assertThat(plinth.vault().in(tx).decrypt(CELL, theirs)).isEqualTo(PLAIN);
          });
    }
    assertThat(epochs()).containsExactly("1 2026-11");
  }

  @Test
  void poolOfOne_firstUseInsideATransaction_saysWhatToDo() {
    HikariDataSource one = database.pool(1, Duration.ofMillis(300));
    try (Plinth plinth = plinth(RING, one)) {
      assertThatThrownBy(() -> plinth.transact(tx -> plinth.vault().in(tx).encrypt(CELL, PLAIN)))
          .isInstanceOf(ConnectionUnavailableException.class)
          .hasMessageContaining("call plinth.start()");
    }
    assertThat(epochs()).isEmpty();
  }

  @Test
  void poolOfOne_afterAFirstUseOutside_worksInsideATransaction() {
    HikariDataSource one = database.pool(1, Duration.ofMillis(300));
    try (Plinth plinth = plinth(RING, one)) {
      plinth.vault().encrypt(CELL, PLAIN);
      plinth.transact(
          tx -> {
            byte[] sealed = plinth.vault().in(tx).encrypt(CELL, PLAIN);
            assertThat(plinth.vault().decrypt(CELL, sealed)).isEqualTo(PLAIN);
          });
    }
  }

  @Test
  void wrap_isCalledWithNoConnectionHeld() {
    HikariDataSource one = database.pool(1);
    List<Integer> held = new ArrayList<>();
    KeyProvider kms =
        new KeyProvider() {
          @Override
          public String currentKeyId() {
            return RING.currentKeyId();
          }

          @Override
          public byte[] wrap(String keyId, SecretKey dataKey) {
            held.add(one.getHikariPoolMXBean().getActiveConnections());
            return RING.wrap(keyId, dataKey);
          }

          @Override
          public Optional<SecretKey> unwrap(String keyId, byte[] wrapped) {
            held.add(one.getHikariPoolMXBean().getActiveConnections());
            return RING.unwrap(keyId, wrapped);
          }
        };
    byte[] sealed = vault(kms, one).encrypt(CELL, PLAIN);
    vault(kms, one).decrypt(CELL, sealed);

    assertThat(held).containsExactly(0, 0);
  }

  @Test
  void unwrap_eightThreadsAtOnceAndAMinuteLater_isAskedOnceForEachKey() throws Exception {
    vault(RING).encrypt(CELL, PLAIN);
    AtomicInteger unwrapped = new AtomicInteger();
    SettableClock clock = new SettableClock();
    KeyProvider kms =
        new KeyProvider() {
          @Override
          public String currentKeyId() {
            return RING.currentKeyId();
          }

          @Override
          public byte[] wrap(String keyId, SecretKey dataKey) {
            return RING.wrap(keyId, dataKey);
          }

          @Override
          public Optional<SecretKey> unwrap(String keyId, byte[] wrapped) {
            unwrapped.incrementAndGet();
            return RING.unwrap(keyId, wrapped);
          }
        };
    Vault vault = Plinth.builder().dataSource(pool).keys(kms).clock(clock).build().vault();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int minute = 0; minute < 2; minute++) {
        CountDownLatch ready = new CountDownLatch(8);
        List<Future<byte[]>> sealed = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          sealed.add(
              threads.submit(
                  () -> {
                    ready.countDown();
                    ready.await();
                    return vault.encrypt(CELL, PLAIN);
                  }));
        }
        for (Future<byte[]> one : sealed) {
          assertThat(vault.decrypt(CELL, one.get())).isEqualTo(PLAIN);
        }
        clock.advance(Duration.ofSeconds(61));
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(unwrapped).hasValue(1);
  }

  @Test
  void arguments_bad_areRefusedBeforeAnySql() {
    Vault vault = vault(RING);

    assertThatThrownBy(() -> vault.encrypt(nothing(), PLAIN)).hasMessage("cell must not be null");
    assertThatThrownBy(() -> vault.encrypt(CELL, nothing()))
        .hasMessage("plaintext must not be null");
    assertThatThrownBy(() -> vault.decrypt(CELL, nothing()))
        .hasMessage("ciphertext must not be null");
    assertThatThrownBy(() -> new Cell("a|b", "c", "r"))
        .hasMessage("table and column must not contain |, which separates them from the row");
    assertThatThrownBy(() -> new Cell(" ", "c", "r")).hasMessage("table must not be blank");
    assertThat(epochs()).isEmpty();
  }

  @Test
  void vault_withoutKeys_saysHowToGiveSome() {
    try (Plinth plinth = Plinth.builder().dataSource(pool).build()) {
      assertThatThrownBy(plinth::vault)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Plinth.builder().keys(KeyRing.fromEnvironment(");
    }
  }

  @Test
  void secrets_areInNoTableTextOrMessage() {
    Vault vault = vault(RING);
    byte[] sealed = vault.encrypt(CELL, PLAIN);
    sealed[sealed.length - 1] ^= 1;

    assertThat(new String(sealed, UTF_8)).doesNotContain("secret-token");
    assertThatThrownBy(() -> vault.decrypt(CELL, sealed))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("secret-token"));
    assertThat(vault.toString()).doesNotContain(java.util.HexFormat.of().formatHex(key(1)));
    try (Plinth plinth = plinth(RING, pool)) {
      assertThat(
              plinth.<List<byte[]>, RuntimeException>transactReturning(
                  tx ->
                      Sql.query(
                          tx.connection(),
                          "SELECT wrapped FROM plinth.vault_data_keys",
                          row -> row.getBytes(1))))
          .hasSize(1)
          .allSatisfy(wrapped -> assertThat(wrapped).hasSize(1 + 12 + 32 + 16));
    }
  }

  private Vault vault(KeyProvider keys) {
    return vault(keys, pool);
  }

  private static Vault vault(KeyProvider keys, DataSource dataSource) {
    return plinth(keys, dataSource).vault();
  }

  private static Plinth plinth(KeyProvider keys, DataSource dataSource) {
    return Plinth.builder().dataSource(dataSource).keys(keys).build();
  }

  private void noRows() {
    try (Connection connection = pool.getConnection()) {
      Sql.execute(connection, "DELETE FROM plinth.vault_data_keys");
    } catch (java.sql.SQLException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> epochs() {
    try (Connection connection = pool.getConnection()) {
      return Sql.query(
          connection,
          "SELECT epoch, key_id FROM plinth.vault_data_keys ORDER BY epoch",
          row -> row.getInt(1) + " " + row.getString(2));
    } catch (java.sql.SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** What Java code without null checks would pass. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T nothing() {
    return null;
  }

  private static byte[] key(int fill) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) fill);
    return key;
  }
}

package dev.plinth.core.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.SecretKey;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A KMS that is away. */
@PlinthTest
class KeyProviderTest {
  private static final class Kms implements KeyProvider {
    private volatile boolean away;

    @Override
    public String currentKeyId() {
      return "old";
    }

    @Override
    public byte[] wrap(String keyId, SecretKey dataKey) {
      requirePresent();
      return Wares.OLD.wrap(keyId, dataKey);
    }

    @Override
    public Optional<SecretKey> unwrap(String keyId, byte[] wrapped) {
      requirePresent();
      return Wares.OLD.unwrap(keyId, wrapped);
    }

    private void requirePresent() {
      if (away) {
        throw new IllegalStateException("timed out");
      }
    }
  }

  private final TestDatabase database;
  private final DataSource pool;
  private final Kms kms = new Kms();

  KeyProviderTest(TestDatabase database, DataSource pool) {
    this.database = database;
    this.pool = pool;
  }

  @BeforeEach
  void present() {
    kms.away = false;
  }

  @Test
  void away_whatWasUsedBeforeGoesOn_andWhatWasNotSaysWhy() {
    try (Plinth first = database.plinth(pool).keys(kms).build();
        Plinth second = database.plinth(pool).keys(kms).build()) {
      byte[] sealed = Wares.seal(first, 1, 0);
      kms.away = true;

      assertThat(first.vault().decrypt(Wares.cell(1), Wares.seal(first, 1, 1))).isNotEmpty();
      assertThat(first.vault().keys().health().isHealthy()).isTrue();
      assertThatThrownBy(() -> second.vault().decrypt(Wares.cell(1), sealed))
          .isInstanceOf(KeyProviderException.class)
          .hasMessageContaining("could not unwrap a data key with the key \"old\"")
          .hasRootCauseMessage("timed out");
      assertThatThrownBy(() -> second.vault().encrypt(Wares.cell(1), new byte[1]))
          .isInstanceOf(KeyProviderException.class);
      assertThatThrownBy(() -> first.vault().keys().beginEpoch())
          .isInstanceOf(KeyProviderException.class)
          .hasMessageContaining("could not wrap");
      VaultHealth health = second.vault().keys().health();
      assertThat(health.problem()).contains("could not unwrap");
      assertThat(health.unreadable()).containsOnlyKeys(Wares.newest(first));

      kms.away = false;
      assertThat(second.vault().decrypt(Wares.cell(1), sealed)).isNotEmpty();
      assertThat(second.vault().keys().health().isHealthy()).isTrue();
    }
  }

  @Test
  void away_duringARotation_endsItWhereItIsAndLosesNothing() {
    try (Plinth first = Wares.plinth(database, pool, kms);
        Plinth second = Wares.plinth(database, pool, kms)) {
      Wares.create(first);
      Wares.insert(first, 1, 10);
      UUID target = first.vault().keys().beginEpoch().id();
      assertThat(second.vault().keys().list()).hasSize(2);
      kms.away = true;

      assertThatThrownBy(() -> second.vault().keys().rotate())
          .isInstanceOf(KeyProviderException.class);

      kms.away = false;
      assertThat(second.vault().keys().rotate().failed()).isZero();
      assertThat(Wares.byDataKey(first)).containsOnlyKeys(target);
    }
  }

  @Test
  void afterStart_noDataKeyNeedsTheProvider() {
    byte[] old;
    try (Plinth first = database.plinth(pool).keys(kms).build()) {
      old = Wares.seal(first, 1, 0);
      first.vault().keys().beginEpoch();
    }
    try (Plinth second = database.plinth(pool).keys(kms).withoutNotifications().build()) {
      second.start();
      kms.away = true;

      second.transact(
          tx -> assertThat(second.vault().in(tx).decrypt(Wares.cell(1), old)).isNotEmpty());
    }
  }

  @Test
  void newestSpentAndAnOlderOneNot_encrypt_beginsAnEpoch() {
    try (Plinth plinth = database.plinth(pool).keys(kms).build()) {
      byte[] old = Wares.seal(plinth, 1, 0);
      UUID spent = plinth.vault().keys().beginEpoch().id();
      plinth.transact(
          tx ->
              Sql.update(
                  tx.connection(),
                  "UPDATE plinth.vault_data_keys SET uses = 2147483648 WHERE id = ?",
                  spent));

      byte[] sealed = Wares.seal(plinth, 1, 1);

      assertThat(plinth.vault().keys().list()).hasSize(3);
      assertThat(Wares.newest(plinth)).isNotEqualTo(spent);
      assertThat(plinth.vault().decrypt(Wares.cell(1), sealed)).isNotEmpty();
      assertThat(plinth.vault().decrypt(Wares.cell(1), old)).isNotEmpty();
    }
  }

  @Test
  void away_whenTheDataKeyIsDueToBeReplaced_thatOneGoesOnUntilTheProviderIsBack() {
    SettableClock clock = new SettableClock();
    try (Plinth plinth = database.plinth(pool).keys(kms).clock(clock).build()) {
      Wares.seal(plinth, 1, 0);
      makeOld(plinth, 1000);
      clock.advance(Duration.ofMinutes(2));
      kms.away = true;

      byte[] sealed = Wares.seal(plinth, 1, 1);
      Wares.seal(plinth, 1, 2);

      assertThat(plinth.vault().decrypt(Wares.cell(1), sealed)).isNotEmpty();
      assertThat(plinth.vault().keys().list()).hasSize(1);

      kms.away = false;
      clock.advance(Duration.ofMinutes(2));
      Wares.seal(plinth, 1, 3);
      assertThat(plinth.vault().keys().list()).hasSize(2);
    }
  }

  @Test
  void away_whenTheDataKeyHasReachedTheBound_encryptIsRefused() {
    SettableClock clock = new SettableClock();
    try (Plinth plinth = database.plinth(pool).keys(kms).clock(clock).build()) {
      Wares.seal(plinth, 1, 0);
      makeOld(plinth, 1L << 32);
      clock.advance(Duration.ofMinutes(2));
      kms.away = true;

      assertThatThrownBy(() -> Wares.seal(plinth, 1, 1))
          .isInstanceOf(VaultException.class)
          .hasMessageContaining("as many values as are safe");
    }
  }

  private static void makeOld(Plinth plinth, long uses) {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                """
                UPDATE plinth.vault_data_keys
                SET created_at = now() - interval '91 days',
                    uses = ?
                """,
                uses));
  }
}

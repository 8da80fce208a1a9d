package dev.plinth.core.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
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
}

package dev.plinth.core.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.KeyProvider;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.core.vault.TamperedException;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class CredentialsTest {
  private static final Secret KEY = new Secret.ApiKey("k-1");

  private final TestDatabase database;
  private final SettableClock clock;
  private Plinth plinth;
  private Credentials credentials;
  private UUID user;

  CredentialsTest(TestDatabase database, SettableClock clock) {
    this.database = database;
    this.clock = clock;
  }

  @BeforeEach
  void user(Plinth plinth) {
    this.plinth = plinth;
    this.credentials = plinth.credentials();
    this.user = plinth.users().create(NewUser.withExternalId("ada")).id();
  }

  @Test
  void create_open_givesEverySecretBack() {
    Instant expiry = Instant.parse("2027-01-02T03:04:05.678901Z");
    List<Secret> secrets =
        List.of(
            new Secret.OAuth2("at", "rt", expiry, Set.of("mail", "ä \"quoted\"")),
            new Secret.OAuth2("at", null, null, Set.of()),
            KEY,
            new Secret.BasicAuth("ada", "p\\ä\n\"|"),
            new Secret.BasicAuth("", ""));
    for (int i = 0; i < secrets.size(); i++) {
      Credential made = credentials.create(NewCredential.of(user, "c" + i, secrets.get(i)));

      OpenCredential open = credentials.open(made.id()).orElseThrow();

      assertThat(open.secret()).isEqualTo(secrets.get(i));
      assertThat(made.type()).isEqualTo(secrets.get(i).type());
      assertThat(made.version()).isOne();
    }
    assertThat(credentials.find(user, null, "c0").orElseThrow().oauthExpiresAt()).isEqualTo(expiry);
  }

  @Test
  void create_sameNameForTheSameIntegration_isRefusedAndTheTransactionGoesOn() {
    NewCredential one = NewCredential.of(user, "ops", KEY).forIntegration("pager");
    plinth.transact(
        tx -> {
          credentials.in(tx).create(one);
          assertThatThrownBy(() -> credentials.in(tx).create(one))
              .isInstanceOf(DuplicateCredentialException.class);
          credentials.in(tx).create(NewCredential.of(user, "ops", KEY));
          assertThatThrownBy(
                  () -> credentials.in(tx).create(NewCredential.of(UUID.randomUUID(), "x", KEY)))
              .isInstanceOf(UnknownUserException.class);
        });
    assertThat(credentials.page(user, null, 10)).hasSize(2);
    assertThat(credentials.find(user, "pager", "ops")).isPresent();
    assertThat(credentials.find(user, "other", "ops")).isEmpty();
  }

  @Test
  void create_sameNameByEightAtOnce_makesOne() throws Exception {
    int won = 0;
    for (Future<Credential> one :
        atOnce(8, () -> credentials.create(NewCredential.of(user, "ops", KEY)))) {
      try {
        one.get();
        won++;
      } catch (java.util.concurrent.ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(DuplicateCredentialException.class);
      }
    }
    assertThat(won).isOne();
  }

  @Test
  void replace_byEightAtOnce_winsOnce_andTheOthersAreStale() throws Exception {
    Credential made = credentials.create(NewCredential.of(user, "ops", KEY));
    int won = 0;
    for (Future<Credential> one :
        atOnce(8, () -> credentials.replace(made, new Secret.BasicAuth("a", "b")))) {
      try {
        assertThat(one.get().version()).isEqualTo(2);
        won++;
      } catch (java.util.concurrent.ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(StaleCredentialException.class);
      }
    }
    assertThat(won).isOne();
    assertThat(credentials.open(made.id()).orElseThrow().secret())
        .isEqualTo(new Secret.BasicAuth("a", "b"));
  }

  @Test
  void open_writesLastUsedAtOnceAMinute() {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();
    assertThat(lastUsed(id)).isNull();
    credentials.open(id);
    Instant first = lastUsed(id);
    assertThat(first).isNotNull();

    clock.advance(Duration.ofSeconds(30));
    credentials.open(id);
    assertThat(lastUsed(id)).isEqualTo(first);

    clock.advance(Duration.ofSeconds(31));
    credentials.open(id);
    assertThat(lastUsed(id)).isAfter(first);
  }

  @Test
  void open_whileAnotherHoldsTheRow_doesNotWait() throws Exception {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();
    try (var writer = database.connect()) {
      writer.setAutoCommit(false);
      Sql.execute(writer, "SELECT 1 FROM plinth.credentials FOR UPDATE");

      assertThat(credentials.open(id)).isPresent();
      writer.rollback();
    }
    assertThat(lastUsed(id)).isNull();
  }

  @Test
  void deactivate_activate_delete_sayWhetherAnythingChanged() {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();

    assertThat(credentials.deactivate(id)).isTrue();
    assertThat(credentials.deactivate(id)).isFalse();
    assertThat(credentials.open(id)).isEmpty();
    assertThat(credentials.find(id).orElseThrow().isActive()).isFalse();
    assertThat(credentials.activate(id)).isTrue();
    assertThat(credentials.open(id)).isPresent();
    assertThat(credentials.delete(id)).isTrue();
    assertThat(credentials.delete(id)).isFalse();
    assertThat(credentials.open(id)).isEmpty();
  }

  @Test
  void page_goesThroughAllInOrder() {
    List<UUID> made = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      made.add(credentials.create(NewCredential.of(user, "c" + i, KEY)).id());
    }
    List<UUID> read = new ArrayList<>();
    UUID after = null;
    for (List<Credential> page = credentials.page(user, after, 3);
        !page.isEmpty();
        page = credentials.page(user, after, 3)) {
      page.forEach(one -> read.add(one.id()));
      after = read.get(read.size() - 1);
    }
    assertThat(read).isEqualTo(made);
  }

  @Test
  void otherTenant_findsAndChangesNothing() {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();
    plinth.transact(
        TxOptions.defaults().withTenant("acme"),
        tx -> {
          Credentials theirs = credentials.in(tx);
          assertThat(theirs.find(id)).isEmpty();
          assertThat(theirs.open(id)).isEmpty();
          assertThat(theirs.page(user, null, 10)).isEmpty();
          assertThat(theirs.deactivate(id)).isFalse();
          assertThat(theirs.delete(id)).isFalse();
          assertThatThrownBy(() -> theirs.create(NewCredential.of(user, "x", KEY)))
              .isInstanceOf(UnknownUserException.class);
        });
    assertThat(credentials.find(id)).isPresent();
  }

  @Test
  void open_valueOfAnotherRow_isTampered() {
    UUID one = credentials.create(NewCredential.of(user, "one", KEY)).id();
    UUID two = credentials.create(NewCredential.of(user, "two", KEY)).id();
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "UPDATE plinth.credentials SET encrypted_data = (SELECT o.encrypted_data FROM"
                    + " plinth.credentials o WHERE o.id = ?) WHERE id = ?",
                one,
                two));

    assertThatThrownBy(() -> credentials.open(two)).isInstanceOf(TamperedException.class);
  }

  @Test
  void rotate_reEncryptsCredentials_andLeavesTheirVersion() {
    Credential made = credentials.create(NewCredential.of(user, "ops", KEY));
    UUID target = plinth.vault().keys().beginEpoch().id();

    plinth.vault().keys().rotate();

    assertThat(plinth.vault().keys().references(target))
        .anyMatch(one -> one.table().equals("credentials") && one.values() == 1 && one.indexed());
    assertThat(credentials.open(made.id()).orElseThrow().secret()).isEqualTo(KEY);
    assertThat(credentials.replace(made, KEY).version()).isEqualTo(2);
  }

  @Test
  void standalone_noConnectionIsHeldWhileTheProviderIsAsked() {
    HikariDataSource one = database.pool(1);
    KeyRing ring = KeyRing.of("kms", new byte[32]);
    List<Integer> held = new ArrayList<>();
    KeyProvider kms =
        new KeyProvider() {
          @Override
          public String currentKeyId() {
            return "kms";
          }

          @Override
          public byte[] wrap(String keyId, SecretKey dataKey) {
            held.add(one.getHikariPoolMXBean().getActiveConnections());
            return ring.wrap(keyId, dataKey);
          }

          @Override
          public Optional<SecretKey> unwrap(String keyId, byte[] wrapped) {
            held.add(one.getHikariPoolMXBean().getActiveConnections());
            return ring.unwrap(keyId, wrapped);
          }
        };
    UUID id;
    try (Plinth first = database.plinth(one).keys(kms).build()) {
      id = first.credentials().create(NewCredential.of(user, "ops", KEY)).id();
    }
    try (Plinth second = database.plinth(one).keys(kms).build()) {
      assertThat(second.credentials().open(id)).isPresent();
    }
    assertThat(held).containsExactly(0, 0);
  }

  @Test
  void arguments_bad_areRefusedBeforeAnySql() {
    assertThatThrownBy(() -> new Secret.ApiKey(" ")).hasMessage("key must not be blank");
    assertThatThrownBy(() -> new Secret.OAuth2("a\0b", null, null, Set.of()))
        .hasMessageContaining("accessToken must not contain the character U+0000");
    assertThatThrownBy(() -> new Secret.BasicAuth("a", "\uD800"))
        .hasMessageContaining("password must not contain half of a surrogate pair");
    assertThatThrownBy(() -> new Secret.ApiKey("x".repeat(100_001)))
        .hasMessage("key must have at most 100000 characters, but has 100001");
    assertThatThrownBy(() -> NewCredential.of(user, "", KEY)).hasMessage("name must not be blank");
    assertThatThrownBy(() -> credentials.page(user, null, 0))
        .hasMessage("limit must be between 1 and 1000, but is 0");
  }

  private @org.jspecify.annotations.Nullable Instant lastUsed(UUID id) {
    return credentials.find(id).orElseThrow().lastUsedAt();
  }

  private static <T> List<Future<T>> atOnce(int threads, Callable<T> work) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      return executor.invokeAll(java.util.Collections.nCopies(threads, work));
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void open_inAReadOnlySession_givesTheSecretAndWritesNothing() {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(1);
    config.setConnectionInitSql("SET default_transaction_read_only = on");
    try (HikariDataSource readOnly = new HikariDataSource(config);
        Plinth reader = database.plinth(readOnly).build()) {
      assertThat(reader.credentials().open(id).orElseThrow().secret()).isEqualTo(KEY);
    }
    assertThat(lastUsed(id)).isNull();
  }

  @Test
  void open_lastUseCannotBeWritten_givesTheSecretAllTheSame() {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                    + " $$ BEGIN RAISE 'no writes here'; END $$;"
                    + " CREATE TRIGGER refuse BEFORE UPDATE ON plinth.credentials"
                    + " FOR EACH ROW EXECUTE FUNCTION refuse()"));
    try {
      assertThat(credentials.open(id).orElseThrow().secret()).isEqualTo(KEY);
    } finally {
      plinth.transact(tx -> Sql.execute(tx.connection(), "DROP FUNCTION refuse CASCADE"));
    }
    assertThat(lastUsed(id)).isNull();
  }

  @Test
  void open_inATransactionMadeReadOnlyBySql_leavesItUsable() throws Exception {
    UUID id = credentials.create(NewCredential.of(user, "ops", KEY)).id();
    try (var host = database.connect()) {
      host.setAutoCommit(false);
      Sql.execute(host, "SET TRANSACTION READ ONLY");

      assertThat(credentials.in(plinth.join(host)).open(id)).isPresent();

      Sql.query(host, "SELECT 1", row -> row.getInt(1));
      host.commit();
    }
    assertThat(lastUsed(id)).isNull();
  }
}

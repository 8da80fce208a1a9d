package dev.plinth.core.password;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.password.LogIn.Denied;
import dev.plinth.core.password.LogIn.Inactive;
import dev.plinth.core.password.LogIn.LoggedIn;
import dev.plinth.core.password.PasswordCheck.Correct;
import dev.plinth.core.password.PasswordCheck.Wrong;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.Proxy;
import java.nio.CharBuffer;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class PasswordsTest {
  private static final String GOOD = "correct horse battery";
  private static final PasswordOptions CHEAP =
      PasswordOptions.defaults().withCost(64, 1, 1).withConcurrency(2, Duration.ofMinutes(5));

  /** U*U, as published with crypt_blowfish. */
  private static final String BCRYPT =
      "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

  private final TestDatabase database;
  private final HikariDataSource pool;
  private final Plinth plinth;
  private final Passwords passwords;
  private final SettableClock clock;
  private final List<PlinthEvent> events = new ArrayList<>();
  private UUID ada = new UUID(0, 0);

  /** With a pool of one: whoever hashed on a connection would keep it from everybody. */
  PasswordsTest(TestDatabase database, SettableClock clock) {
    this.database = database;
    this.clock = clock;
    this.pool = database.pool(1);
    this.plinth = database.plinth(pool).passwords(CHEAP).build();
    this.passwords = plinth.passwords();
  }

  @BeforeEach
  void user() {
    ada = plinth.users().create(NewUser.withEmail("ada@example.org").username("ada")).id();
    plinth.events().inTransaction(PlinthEvent.class, (tx, event) -> events.add(event));
  }

  @AfterEach
  void close() {
    plinth.close();
    pool.close();
  }

  @Test
  void logIn_byAddressOrName_writesLastLogInByTheDatabasesClock() {
    passwords.set(ada, GOOD);
    events.clear();
    clock.advance(Duration.ofDays(3));

    assertThat(passwords.logIn("Ada@Example.org", GOOD)).isEqualTo(new LoggedIn(ada));
    assertThat(passwords.logIn("ada", CharBuffer.wrap(GOOD.toCharArray())))
        .isEqualTo(new LoggedIn(ada));

    assertThat(plinth.users().find(ada).orElseThrow().lastLoginAt())
        .isBetween(clock.instant().minusSeconds(3_600), clock.instant().plusSeconds(3_600));
    assertThat(events).containsExactly(new UserLoggedIn(ada), new UserLoggedIn(ada));
  }

  @Test
  void logIn_wrongUnknownOrWithoutPassword_isDeniedAlike() {
    UUID single = plinth.users().create(NewUser.withEmail("sso@example.org")).id();
    passwords.set(ada, GOOD);

    for (String login : List.of("ada", "nobody", "sso@example.org", "no'body@example.org")) {
      assertThat(passwords.logIn(login, "wrong")).isEqualTo(new Denied());
    }
    assertThat(plinth.users().find(ada).orElseThrow().lastLoginAt()).isNull();
    assertThat(passwords.verify(single, GOOD)).isEqualTo(new Wrong());
    assertThat(passwords.verify(UUID.randomUUID(), GOOD)).isEqualTo(new Wrong());
  }

  @Test
  void logIn_inactiveUser_isToldOnlyWithTheRightPassword() {
    passwords.set(ada, GOOD);
    plinth.users().deactivate(ada);

    assertThat(passwords.logIn("ada", "wrong")).isEqualTo(new Denied());
    assertThat(passwords.logIn("ada", GOOD)).isEqualTo(new Inactive(ada));
    assertThat(plinth.users().find(ada).orElseThrow().lastLoginAt()).isNull();
  }

  @Test
  void logIn_bcryptOfAnOlderSystem_isVerifiedAndHashedAnew() {
    passwords.set(ada, PasswordHash.of(BCRYPT));
    assertThat(passwords.verify(ada, "U*U")).isEqualTo(new Correct(true));
    assertThat(stored(ada)).isEqualTo(BCRYPT);

    assertThat(passwords.logIn("ada", "U*V")).isEqualTo(new Denied());
    assertThat(stored(ada)).isEqualTo(BCRYPT);
    assertThat(passwords.logIn("ada", "U*U")).isEqualTo(new LoggedIn(ada));

    assertThat(stored(ada)).startsWith("$argon2id$v=19$m=64,t=1,p=1$");
    assertThat(passwords.verify(ada, "U*U")).isEqualTo(new Correct(false));
    assertThat(passwords.logIn("ada", "U*U")).isEqualTo(new LoggedIn(ada));
  }

  @Test
  void logIn_cheaperHashThanTheOptionsAsk_isHashedAnew() {
    passwords.set(ada, GOOD);
    try (Plinth dearer = database.plinth(pool).passwords(CHEAP.withCost(128, 2, 1)).build()) {
      assertThat(dearer.passwords().logIn("ada", GOOD)).isEqualTo(new LoggedIn(ada));
    }

    assertThat(stored(ada)).startsWith("$argon2id$v=19$m=128,t=2,p=1$");
    assertThat(passwords.logIn("ada", GOOD)).isEqualTo(new LoggedIn(ada));
    assertThat(stored(ada)).startsWith("$argon2id$v=19$m=128,t=2,p=1$");
  }

  /** The password is changed after it was compared and before the log-in is written. */
  @Test
  void logIn_passwordChangedMeanwhile_isNotUndone() {
    passwords.set(ada, PasswordHash.of(BCRYPT));
    try (HikariDataSource other = database.pool(1);
        Plinth slow =
            database
                .plinth(beforeTheSecond(other, () -> passwords.set(ada, GOOD)))
                .passwords(CHEAP)
                .build()) {
      assertThat(slow.passwords().logIn("ada", "U*U")).isEqualTo(new Denied());
    }

    assertThat(passwords.logIn("ada", GOOD)).isEqualTo(new LoggedIn(ada));
  }

  @Test
  void logIn_deactivatedMeanwhile_isDenied() {
    passwords.set(ada, GOOD);
    try (HikariDataSource other = database.pool(1);
        Plinth slow =
            database
                .plinth(beforeTheSecond(other, () -> plinth.users().deactivate(ada)))
                .passwords(CHEAP)
                .build()) {
      assertThat(slow.passwords().logIn("ada", GOOD)).isEqualTo(new Denied());
    }

    assertThat(plinth.users().find(ada).orElseThrow().lastLoginAt()).isNull();
  }

  @Test
  void logIn_aNameThatIsAnothersAddress_isTakenForTheAddress() {
    UUID eve =
        plinth
            .users()
            .create(NewUser.withEmail("eve@example.org").username("ada@example.org"))
            .id();
    passwords.set(ada, GOOD);
    passwords.set(eve, "password of eve");

    assertThat(passwords.logIn("ada@example.org", GOOD)).isEqualTo(new LoggedIn(ada));
    assertThat(passwords.logIn("ada@example.org", "password of eve")).isEqualTo(new Denied());
  }

  @Test
  void setAndRemove_areAnnouncedAndLeaveTheHostsTransactionUsable() throws Exception {
    PasswordHash hash = passwords.hash(GOOD);
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      StoredPasswords joined = passwords.in(plinth.join(host));
      assertThatThrownBy(() -> joined.set(UUID.randomUUID(), hash))
          .isInstanceOf(UnknownUserException.class);
      joined.set(ada, hash);
      host.commit();
    }
    assertThat(passwords.verify(ada, GOOD)).isEqualTo(new Correct(false));

    assertThat(passwords.remove(ada)).isTrue();
    assertThat(passwords.remove(ada)).isFalse();

    assertThat(passwords.logIn("ada", GOOD)).isEqualTo(new Denied());
    assertThat(events)
        .containsExactly(new PasswordChanged(ada, false), new PasswordChanged(ada, true));
  }

  @Test
  void hashing_inATransaction_isRefused() {
    plinth.transact(
        tx -> {
          List<Callable<?>> calls =
              List.of(
                  () -> passwords.hash(GOOD),
                  () -> passwords.verify(ada, GOOD),
                  () -> passwords.logIn("ada", GOOD),
                  () -> {
                    passwords.set(ada, GOOD);
                    return true;
                  });
          for (Callable<?> call : calls) {
            assertThatThrownBy(call::call)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is in a transaction");
          }
        });
  }

  @Test
  void tenants_haveTheirOwnUsers() {
    UUID eve =
        plinth.transactReturning(
            TxOptions.defaults().withTenant("acme"),
            tx -> plinth.users().in(tx).create(NewUser.withEmail("ada@example.org")).id());
    Passwords acme = passwords.forTenant("acme");
    acme.set(eve, "password of eve");
    passwords.set(ada, GOOD);

    assertThat(acme.logIn("ada@example.org", "password of eve")).isEqualTo(new LoggedIn(eve));
    assertThat(passwords.logIn("ada@example.org", "password of eve")).isEqualTo(new Denied());
    assertThat(acme.logIn("ada", GOOD)).isEqualTo(new Denied());
    assertThat(acme.verify(ada, GOOD)).isEqualTo(new Wrong());
    assertThatThrownBy(() -> acme.set(ada, GOOD)).isInstanceOf(UnknownUserException.class);
    assertThat(acme.remove(ada)).isFalse();
  }

  @Test
  void badInput_isRefusedAndNeverQuoted() {
    for (String bad :
        List.of("", "sevench", "x".repeat(1_001), "eight\0chars", "eight\uD800chars")) {
      assertThatThrownBy(() -> passwords.set(ada, bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("password must")
          .hasMessageNotContaining("eight");
    }
    assertThatThrownBy(() -> passwords.logIn(" ", GOOD)).hasMessageStartingWith("login must");
    assertThatThrownBy(() -> passwords.logIn("x".repeat(256), GOOD))
        .hasMessageStartingWith("login must");
    assertThatThrownBy(() -> PasswordHash.of("$2a$31$" + BCRYPT.substring(7)))
        .hasMessageStartingWith("text must");
    passwords.set(ada, "😀".repeat(500));
    assertThat(passwords.verify(ada, "😀".repeat(500))).isEqualTo(new Correct(false));
  }

  @Test
  void toStrings_hideTheHash() {
    assertThat(passwords.hash(GOOD).toString()).isEqualTo("PasswordHash[argon2id]");
    assertThat(PasswordHash.of(BCRYPT).toString()).isEqualTo("PasswordHash[bcrypt]");
  }

  /** More callers than turns: nobody is turned away, and the pool of one is enough for all. */
  @Test
  void logIns_manyAtOnce_allSucceed() throws Exception {
    passwords.set(ada, GOOD);
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      List<Callable<LogIn>> calls = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        calls.add(() -> passwords.logIn("ada", GOOD));
      }
      for (Future<LogIn> outcome : threads.invokeAll(calls)) {
        assertThat(outcome.get()).isEqualTo(new LoggedIn(ada));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** The other log-in comes after the hash was read, and before this one is written. */
  @Test
  void logIn_hashedAnewByAnotherLogInMeanwhile_isLetIn() {
    passwords.set(ada, PasswordHash.of(BCRYPT));
    try (HikariDataSource other = database.pool(1);
        Plinth slow =
            database
                .plinth(beforeTheSecond(other, () -> passwords.logIn("ada", "U*U")))
                .passwords(CHEAP)
                .build()) {
      assertThat(slow.passwords().logIn("ada", "U*U")).isEqualTo(new LoggedIn(ada));
    }
    assertThat(stored(ada)).startsWith("$argon2id$");
  }

  @Test
  void logIns_manyAtOnceOfABcryptHash_allSucceed() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 5; round++) {
        passwords.set(ada, PasswordHash.of(BCRYPT));
        List<Callable<LogIn>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          calls.add(() -> passwords.logIn("ada", "U*U"));
        }
        for (Future<LogIn> outcome : threads.invokeAll(calls)) {
          assertThat(outcome.get()).isEqualTo(new LoggedIn(ada));
        }
        assertThat(stored(ada)).startsWith("$argon2id$");
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private String stored(UUID id) {
    return plinth.<String, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT password_hash FROM plinth.users WHERE id = ?",
                    row -> row.getString(1),
                    id)
                .get(0));
  }

  /** Runs the action before the second connection is handed out. */
  private static DataSource beforeTheSecond(DataSource target, Runnable action) {
    AtomicInteger taken = new AtomicInteger();
    return (DataSource)
        Proxy.newProxyInstance(
            PasswordsTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (self, method, arguments) -> {
              if (method.getName().equals("getConnection") && taken.incrementAndGet() == 2) {
                action.run();
              }
              return method.invoke(target, arguments);
            });
  }
}

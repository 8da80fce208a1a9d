package dev.plinth.core.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.SessionAuthentication;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest
class UsersRaceTest {
  private final ExecutorService threads = Executors.newFixedThreadPool(64);
  private final Plinth plinth;
  private final Users users;
  private final DataSource pool;

  UsersRaceTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.users = plinth.users();
    this.pool = pool;
  }

  @BeforeEach
  void noUsers() {
    plinth.transact(tx -> Sql.execute(tx.connection(), "DELETE FROM plinth.users"));
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void findOrCreate_sameExternalIdBySixtyFourAtOnce_oneUserForAll() throws Exception {
    List<Callable<UUID>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      calls.add(() -> users.findOrCreate(NewUser.withExternalId("same")).id());
    }

    assertThat(results(atOnce(calls))).hasSize(64).containsOnly(onlyUser().id());
  }

  @Test
  void create_sameExternalIdBySixtyFourAtOnce_oneWinsAndSixtyThreeAreTold() throws Exception {
    List<Callable<UUID>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      calls.add(() -> users.create(NewUser.withExternalId("same")).id());
    }

    assertOneWinner(atOnce(calls), "externalId");
  }

  @Test
  void create_addressesDifferingInCaseAtOnce_oneWins() throws Exception {
    List<Callable<UUID>> calls = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String email = i % 2 == 0 ? "ada@example.org" : "ada@example.org".toUpperCase(Locale.ROOT);
      calls.add(() -> users.create(NewUser.withEmail(email)).id());
    }

    assertOneWinner(atOnce(calls), "email");
  }

  @Test
  void create_otherTransactionRollsBack_theOneThatWaitedWins() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      users.in(plinth.join(host)).create(NewUser.withExternalId("same"));
      Future<User> waiting =
          threads.submit(() -> users.findOrCreate(NewUser.withExternalId("same")));
      awaitWaiting();
      host.rollback();

      assertThat(waiting.get()).isEqualTo(onlyUser());
    }
  }

  @RepeatedTest(5)
  void update_manyTakeOneAddressAtOnceInTransactionsOfHosts_oneWinsAndNoneIsAborted()
      throws Exception {
    List<Callable<UUID>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      User user = users.create(NewUser.withExternalId("e" + i));
      String email = i % 2 == 0 ? "wanted@example.org" : "Wanted@Example.org";
      calls.add(() -> inHostTransaction(user.withEmail(email)));
    }
    calls.add(
        () -> {
          try (Connection host = pool.getConnection()) {
            host.setAutoCommit(false);
            User made = users.in(plinth.join(host)).create(NewUser.withEmail("WANTED@example.org"));
            host.commit();
            return made.id();
          }
        });

    assertOneWinner(atOnce(calls), "email");
    assertThat(users.findByEmail("wanted@example.org")).isPresent();
    // Those that lost went on and committed something else in the same transaction.
    assertThat(users.page(null, 100).stream().filter(u -> "lost".equals(u.fullName())).count())
        .isGreaterThanOrEqualTo(7);
  }

  @Test
  void update_nameTakenByAnUncommittedUser_waitsAndIsToldWithoutAborting() throws Exception {
    User bob = users.create(NewUser.withExternalId("bob"));
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      users.in(plinth.join(host)).create(NewUser.withEmail("a@example.org").username("ada"));
      Future<UUID> waiting = threads.submit(() -> inHostTransaction(bob.withUsername("ada")));
      awaitWaiting();
      host.commit();

      assertThatThrownBy(waiting::get).hasCause(new DuplicateUserException("username"));
    }
    assertThat(users.find(bob.id()).orElseThrow().fullName()).isEqualTo("lost");
  }

  @Test
  void update_sameUserByManyAtOnce_oneWinsPerVersion() throws Exception {
    User user = users.create(NewUser.withExternalId("e"));
    List<Callable<UUID>> calls = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String name = "n" + i;
      calls.add(() -> users.update(user.withFullName(name)).id());
    }

    List<Future<UUID>> outcomes = atOnce(calls);

    assertThat(results(outcomes)).containsExactly(user.id());
    assertThat(failures(outcomes)).hasSize(15).hasOnlyElementsOfType(StaleUserException.class);
    assertThat(users.find(user.id()).orElseThrow().version()).isEqualTo(2);
  }

  @Test
  void deactivate_byManyAtOnce_isAnnouncedOnce() throws Exception {
    User user = users.create(NewUser.withExternalId("e"));
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      calls.add(() -> users.deactivate(user.id()));
    }

    assertThat(results(atOnce(calls)).stream().filter(changed -> changed)).hasSize(1);
  }

  @Test
  void findOrCreate_inSerializableTransactionsAtOnce_isRepeatedUntilAllAgree() throws Exception {
    TxOptions serializable =
        TxOptions.defaults().withIsolation(TxOptions.Isolation.SERIALIZABLE).withMaxAttempts(100);
    List<Callable<UUID>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(
          () ->
              plinth.transactReturning(
                  serializable,
                  tx -> users.in(tx).findOrCreate(NewUser.withExternalId("same")).id()));
    }

    assertThat(results(atOnce(calls))).hasSize(8).containsOnly(onlyUser().id());
  }

  @Test
  void erase_whileAnotherIsBeingMergedIn_erasesThatOneToo() throws Exception {
    User first = named("a");
    User second = named("b");
    User third = named("c");
    User fourth = named("d");
    // Ids ascend, so that once the lower one is merged, and once the higher one.
    for (List<User> pair : List.of(List.of(first, second), List.of(fourth, third))) {
      User from = pair.get(0);
      User into = pair.get(1);
      try (Connection host = pool.getConnection()) {
        host.setAutoCommit(false);
        users.in(plinth.join(host)).merge(from.id(), into.id());
        Future<Boolean> erasing = threads.submit(() -> users.erase(into.id()));
        awaitWaiting();
        host.commit();

        assertThat(erasing.get()).isTrue();
      }
      for (User user : pair) {
        User now = users.find(user.id()).orElseThrow();
        assertThat(now.erasedAt()).isNotNull();
        assertThat(now.email()).isNull();
        assertThat(now.externalId()).isNull();
      }
    }
  }

  @Test
  void deactivate_unawareOfASessionThatBegan_isRefusedByPostgresAndRepeated() {
    User ada = users.create(NewUser.withExternalId("a"));
    TxOptions snapshot = TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ);
    List<String> begun = new ArrayList<>();
    AtomicInteger attempts = new AtomicInteger();

    plinth.transact(
        snapshot,
        tx -> {
          assertThat(users.in(tx).find(ada.id())).isPresent();
          if (attempts.incrementAndGet() == 1) {
            begun.add(startElsewhere(ada));
          }
          assertThat(users.in(tx).deactivate(ada.id())).isTrue();
        });

    assertThat(attempts).hasValue(2);
    assertThat(plinth.sessions().authenticate(begun.get(0)))
        .isInstanceOf(SessionAuthentication.Revoked.class);
  }

  @Test
  void delete_unawareOfASessionThatBegan_isRefusedByPostgresAndRepeated() {
    User ada = users.create(NewUser.withExternalId("a"));
    TxOptions snapshot = TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ);
    AtomicInteger attempts = new AtomicInteger();

    plinth.transact(
        snapshot,
        tx -> {
          assertThat(users.in(tx).find(ada.id())).isPresent();
          if (attempts.incrementAndGet() == 1) {
            startElsewhere(ada);
          }
          assertThat(users.in(tx).delete(ada.id())).isTrue();
        });

    assertThat(attempts).hasValue(2);
    assertThat(users.find(ada.id())).isEmpty();
  }

  private String startElsewhere(User user) {
    try {
      return threads
          .submit(() -> plinth.sessions().start(NewSession.of(user.id())).revealToken())
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private User named(String name) {
    return users.create(NewUser.withExternalId(name).email(name + "@example.org"));
  }

  /** Updates in a host's transaction; when that is refused, does something else in it. */
  private UUID inHostTransaction(User changed) throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));
      try {
        return joined.update(changed).id();
      } catch (DuplicateUserException e) {
        User stored = joined.find(changed.id()).orElseThrow();
        joined.update(stored.withFullName("lost"));
        throw e;
      } finally {
        host.commit();
      }
    }
  }

  private User onlyUser() {
    List<User> all = users.page(null, 10);
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  private void awaitWaiting() {
    await()
        .until(
            () ->
                plinth.<Boolean, RuntimeException>transactReturning(
                    tx ->
                        Sql.query(
                                tx.connection(),
                                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                                    + " WHERE datname = current_database()"
                                    + " AND wait_event_type = 'Lock')",
                                row -> row.getBoolean(1))
                            .get(0)));
  }

  private <T> List<Future<T>> atOnce(List<Callable<T>> calls) throws Exception {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<Callable<T>> together = new ArrayList<>();
    for (Callable<T> call : calls) {
      together.add(
          () -> {
            start.await();
            return call.call();
          });
    }
    return threads.invokeAll(together);
  }

  private static <T> void assertOneWinner(List<Future<T>> outcomes, String field)
      throws InterruptedException {
    assertThat(results(outcomes)).hasSize(1);
    assertThat(failures(outcomes))
        .hasSize(outcomes.size() - 1)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .isInstanceOfSatisfying(
                        DuplicateUserException.class, e -> assertThat(e.field()).isEqualTo(field)));
  }

  private static <T> List<T> results(List<Future<T>> outcomes) throws InterruptedException {
    List<T> results = new ArrayList<>();
    for (Future<T> outcome : outcomes) {
      try {
        results.add(outcome.get());
      } catch (ExecutionException e) {
        assertThat(e.getCause())
            .isInstanceOfAny(DuplicateUserException.class, StaleUserException.class);
      }
    }
    return results;
  }

  private static <T> List<Throwable> failures(List<Future<T>> outcomes)
      throws InterruptedException {
    List<Throwable> failures = new ArrayList<>();
    for (Future<T> outcome : outcomes) {
      try {
        outcome.get();
      } catch (ExecutionException e) {
        failures.add(e.getCause());
      }
    }
    return failures;
  }
}

package dev.plinth.core.apikey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication.Valid;
import dev.plinth.core.identity.InactiveUserException;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest
class ApiKeysRaceTest {
  private static final KeyOwner NODE = KeyOwner.node("n1");

  private final ExecutorService threads = Executors.newFixedThreadPool(16);
  private final Plinth plinth;
  private final ApiKeys keys;
  private final DataSource pool;

  ApiKeysRaceTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.keys = plinth.apiKeys();
    this.pool = pool;
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @RepeatedTest(5)
  void rotate_byManyAtOnce_oneSuccessorThatAllAreTold() throws Exception {
    UUID old = keys.issue(NewApiKey.of(NODE, "k")).key().id();
    List<Callable<Rotation>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(() -> keys.rotate(old, Duration.ofHours(1)));
    }

    List<Rotation> outcomes = atOnce(calls);

    List<ApiKey> all = keys.page(NODE, null, 10);
    assertThat(all).hasSize(2);
    UUID successor = all.get(1).id();
    assertThat(outcomes)
        .filteredOn(Rotation.Rotated.class::isInstance)
        .singleElement()
        .satisfies(
            rotation -> assertThat(ApiKeysTest.rotated(rotation).key().id()).isEqualTo(successor));
    assertThat(outcomes)
        .filteredOn(outcome -> !(outcome instanceof Rotation.Rotated))
        .hasSize(7)
        .containsOnly(new Rotation.AlreadyRotated(successor));
  }

  @RepeatedTest(5)
  void rotateAndRevokeAllAtOnce_endInAnOrderOfTheTwo() throws Exception {
    UUID old = keys.issue(NewApiKey.of(NODE, "k")).key().id();

    List<Object> outcomes =
        atOnce(
            List.<Callable<Object>>of(
                () -> keys.rotate(old, Duration.ofHours(1)), () -> keys.revokeAll(NODE)));

    // What was rotated before may survive; nothing comes of a key that was revoked before.
    assertThat(keys.find(old).orElseThrow().isActive()).isFalse();
    if (outcomes.get(0) instanceof Rotation.NotUsable) {
      assertThat(keys.page(NODE, null, 10)).hasSize(1);
    } else {
      assertThat(keys.page(NODE, null, 10)).hasSize(2);
    }
  }

  @Test
  void issueWhileTheUserIsBeingDeactivated_waitsAndIsRefused() throws Exception {
    UUID ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
    Future<Object> issuing;
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      plinth.users().in(plinth.join(host)).deactivate(ada);
      issuing =
          threads.submit(
              () -> {
                try {
                  return keys.issue(NewApiKey.of(KeyOwner.user(ada), "k"));
                } catch (InactiveUserException e) {
                  return e;
                }
              });
      awaitWaiting();
      host.commit();
    }

    assertThat(issuing.get()).isInstanceOf(InactiveUserException.class);
    assertThat(keys.page(KeyOwner.user(ada), null, 10)).isEmpty();
  }

  @Test
  void deactivateWhileAKeyIsBeingIssued_waitsAndItIsRefused() throws Exception {
    UUID ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
    Future<Boolean> deactivating;
    String secret;
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      secret = keys.in(plinth.join(host)).issue(NewApiKey.of(KeyOwner.user(ada), "k")).reveal();
      deactivating = threads.submit(() -> plinth.users().deactivate(ada));
      awaitWaiting();
      host.commit();
    }

    assertThat(deactivating.get()).isTrue();
    assertThat(keys.authenticate(secret)).isInstanceOf(KeyAuthentication.OwnerInactive.class);
  }

  /** As a merge does: the user first, the keys afterwards. */
  @Test
  void rotateWhileTheOwnerIsBeingMerged_waitsForTheUserAndHoldsNothingItNeeds() throws Exception {
    UUID ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
    UUID bob = plinth.users().create(NewUser.withEmail("bob@example.org")).id();
    UUID old = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k")).key().id();
    TxOptions once = TxOptions.defaults().withMaxAttempts(1);
    Future<Rotation> rotating;
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.query(host, "SELECT FROM plinth.users WHERE id = ? FOR UPDATE", row -> 1, ada);
      rotating =
          threads.submit(
              () ->
                  plinth.transactReturning(
                      once, tx -> keys.in(tx).rotate(old, Duration.ofHours(1))));
      awaitWaiting();
      plinth.users().in(plinth.join(host)).merge(ada, bob);
      host.commit();
    }

    assertThat(ApiKeysTest.rotated(rotating.get()).key().owner()).isEqualTo(KeyOwner.user(bob));
    assertThat(keys.page(KeyOwner.user(bob), null, 10)).hasSize(2);
    assertThat(keys.page(KeyOwner.user(ada), null, 10)).isEmpty();
  }

  @Test
  void authenticate_rowLockedByAnotherTransaction_doesNotWait() throws Exception {
    IssuedKey issued = keys.issue(NewApiKey.of(NODE, "k"));
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.query(host, "SELECT FROM plinth.api_keys FOR UPDATE", row -> 1);

      assertThat(threads.submit(() -> keys.authenticate(issued.reveal())).get())
          .isInstanceOf(Valid.class);
      host.rollback();
    }
    assertThat(keys.find(issued.key().id()).orElseThrow().lastUsedAt()).isNull();
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

  private <T> List<T> atOnce(List<Callable<T>> calls) throws Exception {
    CyclicBarrier start = new CyclicBarrier(calls.size());
    List<Callable<T>> together = new ArrayList<>();
    for (Callable<T> call : calls) {
      together.add(
          () -> {
            start.await();
            return call.call();
          });
    }
    List<T> results = new ArrayList<>();
    for (Future<T> outcome : threads.invokeAll(together)) {
      results.add(outcome.get());
    }
    return results;
  }
}

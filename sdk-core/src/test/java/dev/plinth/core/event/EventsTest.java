package dev.plinth.core.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.json.Json;
import dev.plinth.core.tx.JoinedTx;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class EventsTest {
  record Happened(String what) implements PlinthEvent {
    @Override
    public Fact fact() {
      return new Fact(
          "test.happened", null, "test", what, Fact.Outcome.SUCCEEDED, Json.emptyObject());
    }
  }

  record Other() implements PlinthEvent {
    @Override
    public Fact fact() {
      return new Fact("test.other", null, "test", "1", Fact.Outcome.FAILED, Json.emptyObject());
    }
  }

  private final Plinth plinth;
  private final List<Subscription> subscriptions = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();

  EventsTest(Plinth plinth) {
    this.plinth = plinth;
  }

  @AfterEach
  void unsubscribe() {
    subscriptions.forEach(Subscription::close);
  }

  @Test
  void inTransaction_commits_whatItWroteIsThere() {
    inTransaction(Happened.class, (tx, e) -> create(tx, e.what()));

    plinth.transact(tx -> plinth.events().publish(tx, new Happened("a")));

    assertThat(plinth.users().findByExternalId("a")).isPresent();
  }

  @Test
  void inTransaction_rollsBack_whatItWroteIsGone() {
    inTransaction(Happened.class, (tx, e) -> create(tx, e.what()));

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      plinth.events().publish(tx, new Happened("b"));
                      assertThat(plinth.users().findByExternalId("b")).isPresent();
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(plinth.users().findByExternalId("b")).isEmpty();
  }

  @Test
  void inTransaction_throws_failsTheAnnouncingCall() {
    inTransaction(
        Happened.class,
        (tx, e) -> {
          throw new IllegalStateException("refused");
        });

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      create(tx, "c");
                      plinth.events().publish(tx, new Happened("c"));
                    }))
        .hasMessage("refused");

    assertThat(plinth.users().findByExternalId("c")).isEmpty();
  }

  @Test
  void inTransaction_ofTheHosts_followsItsEnd(DataSource pool) throws SQLException {
    inTransaction(Happened.class, (tx, e) -> create(tx, e.what()));
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      plinth.events().publish(plinth.join(host), new Happened("d"));
      host.rollback();
      plinth.events().publish(plinth.join(host), new Happened("e"));
      host.commit();
    }

    assertThat(plinth.users().findByExternalId("d")).isEmpty();
    assertThat(plinth.users().findByExternalId("e")).isPresent();
  }

  @Test
  void afterCommit_commits_hearsInOrderAndOthersGoOnWhenOneThrows() {
    afterCommit(e -> heard.add("1 " + e.what()));
    afterCommit(
        e -> {
          throw new IllegalStateException("subscriber failed");
        });
    afterCommit(e -> heard.add("3 " + e.what()));

    plinth.transact(
        tx -> {
          plinth.events().publish(tx, new Happened("x"));
          plinth.events().publish(tx, new Happened("y"));
          assertThat(heard).isEmpty();
        });

    assertThat(heard).containsExactly("1 x", "3 x", "1 y", "3 y");
  }

  @Test
  void afterCommit_rollsBack_neverHears(DataSource pool) throws SQLException {
    afterCommit(e -> heard.add(e.what()));

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      plinth.events().publish(tx, new Happened("x"));
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      JoinedTx tx = plinth.join(host);
      plinth.events().publish(tx, new Happened("y"));
      host.rollback();
      tx.rolledBack();
    }

    assertThat(heard).isEmpty();
  }

  @Test
  void subscribers_hearByTypeUntilTheyEnd() {
    Subscription all = inTransaction(PlinthEvent.class, (tx, e) -> heard.add("all"));
    inTransaction(Happened.class, (tx, e) -> heard.add("happened"));
    Subscription other = inTransaction(Other.class, (tx, e) -> heard.add("other"));

    plinth.transact(tx -> plinth.events().publish(tx, new Happened("x")));
    assertThat(heard).containsExactly("all", "happened");
    all.close();
    all.close();
    other.close();
    plinth.transact(tx -> plinth.events().publish(tx, new Other()));

    assertThat(heard).containsExactly("all", "happened");
  }

  private <E extends PlinthEvent> Subscription inTransaction(
      Class<E> type, BiConsumer<dev.plinth.core.tx.Tx, E> subscriber) {
    Subscription subscription = plinth.events().inTransaction(type, subscriber);
    subscriptions.add(subscription);
    return subscription;
  }

  private void afterCommit(java.util.function.Consumer<Happened> subscriber) {
    subscriptions.add(plinth.events().afterCommit(Happened.class, subscriber));
  }

  private void create(dev.plinth.core.tx.Tx tx, String externalId) {
    plinth.users().in(tx).create(NewUser.withExternalId(externalId));
  }
}

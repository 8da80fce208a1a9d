package dev.plinth.oauth.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.tx.Tx;
import java.util.function.Consumer;

/** Tells subscribers in this transaction, and every node after it, that a grant has changed. */
public final class Announcements {
  /** The topic on which nodes tell each other which grant has changed. */
  public static final String TOPIC = "oauth.tokens";

  private final Plinth plinth;
  private final Consumer<TokenKey> forget;

  /** This process forgets what it holds of a grant by calling {@code forget}. */
  public Announcements(Plinth plinth, Consumer<TokenKey> forget) {
    this.plinth = plinth;
    this.forget = forget;
  }

  /** Announces the event and what follows from it. */
  public void announce(Tx tx, TokenKey key, PlinthEvent event) {
    plinth.events().publish(tx, event);
    hint(tx, key);
  }

  /**
   * As {@link #announce}, of what a refresh brought.
   *
   * @throws SubscriberException when a subscriber throws, so that its failure can be told from ours
   */
  public void announceOutcome(Tx tx, TokenKey key, PlinthEvent event) {
    try {
      plinth.events().publish(tx, event);
    } catch (RuntimeException e) {
      throw new SubscriberException(e);
    }
    hint(tx, key);
  }

  /** Wakes those who wait for the grant, here and elsewhere, once the transaction commits. */
  public void hint(Tx tx, TokenKey key) {
    plinth.notifications().send(tx, TOPIC, key.text());
    tx.afterCommit(() -> forget.accept(key));
  }
}

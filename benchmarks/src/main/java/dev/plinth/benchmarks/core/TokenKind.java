package dev.plinth.benchmarks.core;

import dev.plinth.core.Plinth;
import java.util.List;
import java.util.UUID;

/** A kind of secret text that users present and Plinth checks against a row. */
interface TokenKind {
  /** Issues one to each user; returns their texts. */
  List<String> issue(Plinth plinth, List<UUID> users);

  /** Asks Plinth, which asks the database. */
  boolean isGood(Plinth plinth, String text);

  /** Lists the hashes of all that were issued. */
  String hashes();

  /** The bare read: one row by its hash, with the columns that a decision needs. */
  String read();
}

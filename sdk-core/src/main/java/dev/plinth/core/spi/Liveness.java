package dev.plinth.core.spi;

import java.util.regex.Pattern;

/**
 * The one rule by which SQL tells whether an instance is dead, so that every lease in the SDK means
 * the same by it: its row is gone, has ended, or has expired by the database's clock.
 *
 * <p>An instance that is dead by this rule never comes back: its next heartbeat finds itself too
 * late, and the node goes on under a new id. Between a judgement and what is written after it a
 * heartbeat of the last moment may still commit, so whoever takes something over also counts up a
 * fencing number.
 */
public final class Liveness {
  private static final Pattern OPERAND = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_.]*");

  private Liveness() {}

  /**
   * An SQL condition, still with <code>{schema}</code> and <code>{now}</code> in it, that is true
   * when the instance is dead; false for NULL as well, since nobody holds what has no holder.
   *
   * @param operand the column that holds the instance's id, such as {@code j.claimed_by}
   */
  public static String dead(String operand) {
    Args.matching(operand, OPERAND, "a column's name", "operand");
    return "("
        + operand
        + " IS NOT NULL AND NOT EXISTS (SELECT FROM {schema}.instances living"
        + " WHERE living.id = "
        + operand
        + " AND living.ended_at IS NULL AND living.expires_at > {now}))";
  }
}

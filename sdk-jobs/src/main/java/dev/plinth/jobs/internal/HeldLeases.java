package dev.plinth.jobs.internal;

/**
 * Finds the leases of claims that still hold, each by its job: the planner, left to itself, reads
 * the whole table for a few hundred of them, and it may be full of dead rows.
 */
final class HeldLeases {
  /**
   * Part of a WITH, to stand after one named {@code given} with the columns {@code job_id} and
   * {@code epoch}; {@code held} has all columns of that, and the lease's address as {@code place}.
   * The leases are locked, so that they stay there.
   */
  private static final String HELD =
      """
      held AS MATERIALIZED (
        SELECT l.place, g.*
        FROM given g
        CROSS JOIN LATERAL (
          SELECT l.ctid AS place
          FROM {schema}.job_leases l
          WHERE l.job_id = g.job_id
            AND l.epoch = g.epoch
          FOR UPDATE{skip}
        ) l
      )""";

  private HeldLeases() {}

  /** Waits for whoever has a lease locked, its handler behind the fence, say. */
  static String held() {
    return HELD.replace("{skip}", "");
  }

  /** Passes over leases that somebody has locked. */
  static String heldIfFree() {
    return HELD.replace("{skip}", " SKIP LOCKED");
  }
}

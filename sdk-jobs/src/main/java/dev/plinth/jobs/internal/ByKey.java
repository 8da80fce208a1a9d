package dev.plinth.jobs.internal;

/**
 * Conditions by which a statement looks up some hundreds of rows by their keys, each through the
 * index. For a plain equality the planner may read the whole table instead, into a hash: where it
 * takes the table for small, where the plan is older than the table's growth, or where most of what
 * it reads is dead rows that an old snapshot keeps. Membership in an array of one is no condition
 * to hash or to merge by, is had from the index, and is expected to be true of as few rows.
 *
 * <p>The keys themselves come as {@code (SELECT ?::uuid[])}. Where the planner could see how few
 * there are, it would expect less of a plan for just these than of one for any, and so plan the
 * statement anew each time, for longer than it takes to execute it.
 */
final class ByKey {
  private ByKey() {}

  /** That a column has the value that a row of another table has in one of its own. */
  static String equal(String column, String value) {
    return "%s = ANY (ARRAY[%s])".formatted(column, value);
  }

  /** That a row of {@code job_leases} is the one of a job and an epoch. */
  static String lease(String leases, String given) {
    return equal(leases + ".job_id", given + ".job_id")
        + " AND "
        + equal(leases + ".epoch", given + ".epoch");
  }
}

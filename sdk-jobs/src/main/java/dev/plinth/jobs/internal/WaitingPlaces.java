package dev.plinth.jobs.internal;

/**
 * Takes jobs out of line, wherever they wait: the one text that knows every place a pending job can
 * be in but the leases.
 */
final class WaitingPlaces {
  /**
   * Parts of a WITH, to stand after one named {@code given} with a column {@code job_id}; the last,
   * {@code taken}, has the columns {@code job_id}, {@code epoch} and {@code attempt} of those that
   * were found waiting. A job that moves from one place to another just then is not found; look
   * again. Rows are locked in the order of their ids.
   */
  private static final String TAKEN =
      """
      ready AS MATERIALIZED (
        SELECT r.job_id
        FROM {schema}.job_ready r
        JOIN given ON given.job_id = r.job_id
        ORDER BY r.job_id
        FOR UPDATE OF r{skip}
      ), delayed AS MATERIALIZED (
        SELECT d.job_id
        FROM {schema}.job_delayed d
        JOIN given ON given.job_id = d.job_id
        ORDER BY d.job_id
        FOR UPDATE OF d{skip}
      ), from_ready AS (
        DELETE FROM {schema}.job_ready r
        USING ready
        WHERE r.job_id = ready.job_id
        RETURNING r.job_id, r.epoch, r.attempt
      ), from_delayed AS (
        DELETE FROM {schema}.job_delayed d
        USING delayed
        WHERE d.job_id = delayed.job_id
        RETURNING d.job_id, d.epoch, d.attempt
      ), taken AS (
        SELECT * FROM from_ready
        UNION ALL
        SELECT * FROM from_delayed
      )""";

  private WaitingPlaces() {}

  /** Waits for whoever is moving the jobs. */
  static String taken() {
    return TAKEN.replace("{skip}", "");
  }

  /** Passes over jobs that somebody is moving. */
  static String takenIfFree() {
    return TAKEN.replace("{skip}", " SKIP LOCKED");
  }
}

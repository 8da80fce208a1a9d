package dev.plinth.jobs.internal;

import java.util.List;
import java.util.stream.Collectors;

/** Takes jobs out of line, wherever they wait, and tells the graph that they have ended. */
final class WaitingPlaces {
  /** In the order in which everybody locks them. */
  private static final List<String> TABLES =
      Places.TABLES.stream().filter(table -> !table.equals("job_leases")).sorted().toList();

  private static final String LOCKED =
      """
      locked_{table} AS MATERIALIZED (
        SELECT x.job_id
        FROM {schema}.{table} x
        JOIN given ON given.job_id = x.job_id
        ORDER BY x.job_id
        FOR UPDATE OF x{skip}
      ), from_{table} AS (
        DELETE FROM {schema}.{table} x
        USING locked_{table} k
        WHERE x.job_id = k.job_id
        RETURNING x.job_id, x.epoch, x.attempt
      )""";
  private static final String TAKEN =
      """
      , taken AS (
      {all}
      ), unlinked AS (
        DELETE FROM {schema}.job_edges e
        USING taken t
        WHERE e.job_id = t.job_id
      ), {signalled}""";

  /** Part of a WITH: those who wait for the jobs in {@code taken} are looked at. */
  static final String SIGNALLED =
      """
      signalled AS (
        INSERT INTO {schema}.job_signals (job_id)
        SELECT t.job_id
        FROM taken t
        WHERE EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = t.job_id)
      )""";

  private WaitingPlaces() {}

  /**
   * Parts of a WITH, to stand after one named {@code given} with a column {@code job_id}: {@code
   * taken} has the columns {@code job_id}, {@code epoch} and {@code attempt} of those that were
   * found waiting and are about to end. A job that moves from one place to another just then is not
   * found; look again. Waits for whoever is moving the jobs.
   */
  static String taken() {
    return taken("");
  }

  /** The same, passing over jobs that somebody is moving. */
  static String takenIfFree() {
    return taken(" SKIP LOCKED");
  }

  private static String taken(String skip) {
    return TABLES.stream()
            .map(table -> LOCKED.replace("{table}", table).replace("{skip}", skip))
            .collect(Collectors.joining(", "))
        + TAKEN
            .replace("{signalled}", SIGNALLED)
            .replace(
                "{all}",
                TABLES.stream()
                    .map(table -> "  SELECT * FROM from_" + table)
                    .collect(Collectors.joining("\n  UNION ALL\n")));
  }
}

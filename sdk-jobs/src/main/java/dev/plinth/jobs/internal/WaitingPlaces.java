package dev.plinth.jobs.internal;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Takes jobs out of line, wherever they wait: the one text that knows every place a pending job can
 * be in but the leases.
 */
final class WaitingPlaces {
  private static final String FROM_PLACE =
      """
      {place} AS MATERIALIZED (
        SELECT x.job_id
        FROM (SELECT g.job_id FROM given g ORDER BY g.job_id) g
        CROSS JOIN LATERAL (
          SELECT p.job_id
          FROM {schema}.job_{place} p
          WHERE p.job_id = g.job_id
          FOR UPDATE{skip}
        ) x
      ), from_{place} AS (
        DELETE FROM {schema}.job_{place} p
        USING {place} x
        WHERE {by_job}
        RETURNING p.job_id, p.epoch, p.attempt, {group} AS group_id
      ),""";

  /** Nothing holds a job any more that does not wait. */
  private static final String UNLINKED =
      """
      unlinked AS (
        DELETE FROM {schema}.job_edges e
        USING from_waiting w
        WHERE e.job_id = w.job_id
      ),""";

  /** In the order in which everybody locks them. */
  private static final List<String> PLACES =
      Places.TABLES.stream()
          .filter(table -> !table.equals("job_leases"))
          .map(table -> table.substring("job_".length()))
          .sorted()
          .toList();

  private WaitingPlaces() {}

  /**
   * Parts of a WITH, to stand after one named {@code given} with a column {@code job_id}; the last,
   * {@code taken}, has the columns {@code job_id}, {@code epoch}, {@code attempt} and {@code
   * group_id} of those that were found waiting. A job that moves from one place to another just
   * then is not found; look again. Rows are locked in the order of their ids. Waits for whoever is
   * moving the jobs.
   */
  static String taken() {
    return taken("");
  }

  /** The same, passing over jobs that somebody is moving. */
  static String takenIfFree() {
    return taken(" SKIP LOCKED");
  }

  private static String taken(String skip) {
    String from =
        PLACES.stream()
            .map(
                place ->
                    FROM_PLACE
                        .replace("{place}", place)
                        .replace("{group}", place.equals("parked") ? "NULL::bigint" : "p.group_id")
                        .replace("{by_job}", ByKey.equal("p.job_id", "x.job_id"))
                        .replace("{skip}", skip))
            .collect(Collectors.joining());
    String all =
        PLACES.stream()
            .map(place -> "  SELECT * FROM from_" + place + "\n")
            .collect(Collectors.joining("  UNION ALL\n"));
    return from + UNLINKED + "taken AS (\n" + all + ")";
  }
}

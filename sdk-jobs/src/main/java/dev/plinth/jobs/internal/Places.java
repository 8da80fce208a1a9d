package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** The places where a job that has not ended can stand, for those who look at all of them. */
final class Places {
  /**
   * The tables, those first that are kept of two alike: whoever waits for others is put in line
   * soon where that is right.
   */
  static final List<String> TABLES =
      List.of("job_leases", "job_waiting", "job_ready", "job_parked", "job_delayed");

  private static final String LEASES = "job_leases";

  // Locked by somebody: it is just moving, or its fence is held.
  private static final String REMOVE =
      """
      DELETE FROM {schema}.%1$s x
      WHERE x.job_id IN (
        SELECT y.job_id
        FROM {schema}.%1$s y
        WHERE y.job_id = ?
          AND y.epoch = ?
        FOR UPDATE SKIP LOCKED)
      """;

  private final String all;
  private final Map<String, String> remove = new LinkedHashMap<>();

  Places(Schema schema) {
    this.all =
        schema.render(
            TABLES.stream()
                .map(
                    table ->
                        "SELECT '"
                            + table
                            + "' AS place, epoch FROM {schema}."
                            + table
                            + " WHERE job_id = ?")
                .collect(Collectors.joining(" UNION ALL ")));
    TABLES.forEach(table -> remove.put(table, schema.render(REMOVE.formatted(table))));
  }

  /** Where a job stands, and after how many claims. */
  record Place(String table, int epoch) {
    boolean isLease() {
      return table.equals(LEASES);
    }
  }

  /** All of a job's, in one snapshot: however it moves meanwhile, it is seen once. */
  List<Place> of(Tx tx, UUID job) {
    Object[] parameters = new Object[TABLES.size()];
    Arrays.fill(parameters, job);
    return Sql.query(
        tx.connection(),
        all,
        row -> new Place(row.getString("place"), row.getInt("epoch")),
        parameters);
  }

  /** The one that came last: a later claim is later, and so is what an equal claim was given to. */
  static Optional<Place> latest(List<Place> places) {
    return places.stream()
        .min(
            Comparator.comparing(Place::epoch, Comparator.reverseOrder())
                .thenComparing(place -> TABLES.indexOf(place.table())));
  }

  /** False when it is locked or not there any more. */
  boolean remove(Tx tx, UUID job, Place place) {
    String statement = remove.get(place.table());
    return statement != null && Sql.update(tx.connection(), statement, job, place.epoch()) == 1;
  }
}

package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.internal.Places.Place;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Puts jobs where they belong. Holds the record's lock, so that none ends or is revived meanwhile.
 * Where they stand may still change, but only from one place to another; a place that is locked is
 * left alone.
 */
final class MendPlaces {
  private static final String HELD =
      "Somebody holds its place: the job is just moving, or its handler holds the fence; check again";

  private static final String LOCK =
      """
      SELECT j.status
      FROM {schema}.computational_jobs j
      WHERE j.id = ?
      FOR UPDATE
      """;

  // The epoch is raised beyond what a claim that nobody knows of may have been given.
  private static final String PUT_BACK =
      """
      WITH last AS (
        SELECT a.epoch, a.attempt + CASE WHEN a.outcome = 'released' THEN 0 ELSE 1 END AS next
        FROM {schema}.job_attempts a
        WHERE a.job_id = ?
        ORDER BY a.epoch DESC
        LIMIT 1
      ), job AS (
        UPDATE {schema}.computational_jobs j
        SET max_attempts = GREATEST(j.max_attempts, (SELECT l.next FROM last l))
        WHERE j.id = ?
        RETURNING j.id AS job_id, j.queue, j.priority, j.type, j.job_version, j.scheduled_at,
                  j.limit_key, j.user_id,
                  COALESCE((SELECT l.epoch FROM last l), 0) + ? AS epoch,
                  COALESCE((SELECT l.next FROM last l), 1) AS attempt
      ), later AS (
        INSERT INTO {schema}.job_delayed
          (job_id, run_at, queue, priority, type, job_version, epoch, attempt)
        SELECT j.job_id, j.scheduled_at, j.queue, j.priority, j.type, j.job_version, j.epoch,
               j.attempt
        FROM job j
        WHERE j.scheduled_at > {now}
          AND NOT EXISTS (SELECT FROM {schema}.job_edges e WHERE e.job_id = j.job_id)
      ), waiting AS (
        INSERT INTO {schema}.job_waiting
          (job_id, queue, priority, type, job_version, epoch, attempt, run_at, waiting_since)
        SELECT j.job_id, j.queue, j.priority, j.type, j.job_version, j.epoch, j.attempt,
               j.scheduled_at, {now}
        FROM job j
        WHERE EXISTS (SELECT FROM {schema}.job_edges e WHERE e.job_id = j.job_id)
      ), soon AS MATERIALIZED (
        SELECT *
        FROM job j
        WHERE COALESCE(j.scheduled_at <= {now}, TRUE)
          AND NOT EXISTS (SELECT FROM {schema}.job_edges e WHERE e.job_id = j.job_id)
      )
      """;
  private static final String PARKED = "SELECT p.job_id FROM parked p";
  private static final String LAST_EPOCH =
      """
      SELECT COALESCE(max(a.epoch), 0)
      FROM {schema}.job_attempts a
      WHERE a.job_id = ?
      """;

  private final Places places;
  private final String lock;
  private final String putBack;
  private final String lastEpoch;
  private final GateHints gateHints;

  MendPlaces(Schema schema, GateHints gateHints) {
    this.places = new Places(schema);
    this.lock = schema.render(LOCK);
    this.putBack = schema.render(PUT_BACK + Parking.place("soon", "r.job_id") + PARKED);
    this.gateHints = gateHints;
    this.lastEpoch = schema.render(LAST_EPOCH);
  }

  private boolean isPending(Tx tx, UUID job) {
    Optional<String> status = Sql.first(tx.connection(), lock, row -> row.getString(1), job);
    return status.filter("pending"::equals).isPresent();
  }

  /** One that stands in several places, or in some though it has ended or is not known. */
  Mend.Mended inOnePlace(Tx tx, UUID job) {
    boolean pending = isPending(tx, job);
    List<Place> found = places.of(tx, job);
    Optional<Place> kept = pending ? Places.latest(found) : Optional.empty();
    if (found.size() == kept.map(place -> 1).orElse(0)) {
      return Mend.Mended.gone();
    }
    for (Place place : found) {
      if (!kept.filter(place::equals).isPresent() && !places.remove(tx, job, place)) {
        // What was removed already is removed all the same: each of them is one too many.
        return Mend.Mended.left(HELD);
      }
    }
    return Mend.Mended.mended(
        kept.map(place -> "It stands in " + place.table() + " alone")
            .orElse("It stands nowhere any more, since it has ended or does not exist"));
  }

  /** One that has not ended and stands nowhere. */
  Mend.Mended somewhere(Tx tx, UUID job) {
    if (!isPending(tx, job) || !places.of(tx, job).isEmpty()) {
      return Mend.Mended.gone();
    }
    putBack(tx, job);
    return Mend.Mended.mended("It is in line again; claims that nobody knows of count for nothing");
  }

  /** One whose place knows less claims than its attempts do. */
  Mend.Mended epochsAscend(Tx tx, UUID job) {
    if (!isPending(tx, job)) {
      return Mend.Mended.gone();
    }
    int last = Sql.query(tx.connection(), lastEpoch, row -> row.getInt(1), job).get(0);
    List<Place> behind =
        places.of(tx, job).stream()
            .filter(place -> place.isLease() ? place.epoch() <= last : place.epoch() < last)
            .toList();
    if (behind.isEmpty()) {
      return Mend.Mended.gone();
    }
    for (Place place : behind) {
      if (!places.remove(tx, job, place)) {
        return Mend.Mended.left(HELD);
      }
    }
    if (places.of(tx, job).isEmpty()) {
      putBack(tx, job);
    }
    return Mend.Mended.mended("It is in line under a later epoch than any of its attempts");
  }

  private void putBack(Tx tx, UUID job) {
    boolean parked =
        Sql.first(tx.connection(), putBack, row -> true, job, job, Restoring.EPOCHS_SKIPPED)
            .isPresent();
    if (parked) {
      gateHints.parked(tx);
    }
  }
}

package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Why a parked job is not let through. For whoever explains a job; reads, and locks nothing. */
final class ParkedReason {
  private static final int HOLDERS = 10;

  /** As many are counted. */
  static final int FAR = 100_000;

  private static final String JOB =
      """
      SELECT p.queue, p.priority, p.user_id, p.type, p.limit_key,
             (
               SELECT count(*)
               FROM (
                 SELECT
                 FROM {schema}.job_parked o
                 WHERE o.queue = p.queue
                   AND o.priority = p.priority
                   AND o.user_id = p.user_id
                   AND o.type = p.type
                   AND o.limit_key = p.limit_key
                   AND (o.xid, o.seq) < (p.xid, p.seq)
                 LIMIT ?
               ) ahead
             ) AS ahead
      FROM {schema}.job_parked p
      WHERE p.job_id = ?
      """;

  // Only those that were let through have a group, and only they and the few that ran when a limit
  // was set are counted.
  private static final String HELD =
      """
      SELECT h.job_id
      FROM (
        SELECT l.job_id, l.queue, l.type, l.group_id, 0 AS place FROM {schema}.job_leases l
        UNION ALL
        SELECT r.job_id, r.queue, r.type, r.group_id, 1
        FROM {schema}.job_ready r
        WHERE r.group_id IS NOT NULL
      ) h
      LEFT JOIN {schema}.job_groups g ON g.id = h.group_id
      JOIN {schema}.computational_jobs j ON j.id = h.job_id
      WHERE {which}
        AND (?::text IS NULL OR j.tenant_id = ?::text)
      ORDER BY h.place, h.job_id
      LIMIT ?
      """;

  private final Schema schema;
  private final LimitRows limits;
  private final HotCounts counts;
  private final String job;

  ParkedReason(Schema schema) {
    this.schema = schema;
    this.limits = new LimitRows(schema);
    this.counts = new HotCounts(schema);
    this.job = schema.render(JOB);
  }

  /**
   * Why a job waits.
   *
   * @param limit the first limit without room; null when all have room, and it is its turn soon
   * @param isShare the limit is its user's share of a fair queue, and not the greatest number
   * @param running how many the limit counts now; 0 without a limit
   * @param most how many it allows; 0 without a limit
   * @param holders some of the jobs it counts, at most ten, those of the tenant where the
   *     transaction has one
   * @param ahead how many wait before it with the same queue, priority, type and key (and user, in
   *     a fair queue); 100,000 stands for that or more
   */
  record Reason(
      @Nullable Limit limit,
      boolean isShare,
      int running,
      int most,
      List<UUID> holders,
      int ahead) {}

  private record Parked(Line line, int ahead) {}

  /** Empty when the job is not parked. */
  Optional<Reason> of(Tx tx, UUID id) {
    return Sql.first(
            tx.connection(),
            job,
            row ->
                new Parked(
                    new Line(
                        row.getString("queue"),
                        row.getInt("priority"),
                        row.getObject("user_id", UUID.class),
                        row.getString("type"),
                        row.getString("limit_key")),
                    row.getInt("ahead")),
            FAR,
            id)
        .map(parked -> reason(tx, parked));
  }

  private Reason reason(Tx tx, Parked parked) {
    List<LimitRows.Row> rows = limits.list(tx);
    List<Gates.Count> taken = new ArrayList<>(counts.read(tx));
    if (!rows.stream().allMatch(LimitRows.Row::isSettled)) {
      taken.addAll(counts.withoutGroup(tx));
    }
    return new Gates(rows.stream().map(LimitRows.Row::limit).toList(), taken)
        .closed(parked.line())
        .map(
            gate ->
                new Reason(
                    gate.limit(),
                    gate.isShare(),
                    gate.running(),
                    gate.most(),
                    holders(tx, gate, parked.line()),
                    parked.ahead()))
        .orElseGet(() -> new Reason(null, false, 0, 0, List.of(), parked.ahead()));
  }

  private List<UUID> holders(Tx tx, Gates.Gate gate, Line line) {
    String tenant = tx.tenantId().orElse(null);
    return switch (gate.limit().scope()) {
      case GLOBAL -> held(tx, "?::text IS NOT NULL", line.queue(), tenant);
      case QUEUE ->
          gate.isShare()
              ? held(tx, "h.queue = ? AND g.user_id = '" + line.user() + "'", line.queue(), tenant)
              : held(tx, "h.queue = ?", line.queue(), tenant);
      case TYPE -> held(tx, "h.type = ?", line.type(), tenant);
      case KEY, EVERY_KEY -> held(tx, "j.limit_key = ?", line.key(), tenant);
    };
  }

  private List<UUID> held(Tx tx, String which, String value, @Nullable String tenant) {
    return Sql.query(
        tx.connection(),
        schema.render(HELD.replace("{which}", which)),
        row -> row.getObject(1, UUID.class),
        value,
        tenant,
        tenant,
        HOLDERS);
  }
}

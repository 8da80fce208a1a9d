package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Cancellation;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Wishes that running jobs be cancelled. The node that runs a job reads them; those of jobs that
 * have moved on before they were read are swept up by any node.
 */
final class CancelRequests implements Sweep {
  private static final int AT_ONCE = 500;
  private static final int ITEMS = 10_000;

  private static final String REQUEST =
      """
      WITH leased AS MATERIALIZED (
        SELECT j.id AS job_id
        FROM {schema}.computational_jobs j
        WHERE j.id = ANY (?::uuid[])
          AND j.status = 'pending'
          AND (?::text IS NULL OR j.tenant_id = ?::text)
          AND (?::boolean OR EXISTS (
            SELECT FROM {schema}.job_leases l
            WHERE l.job_id = j.id))
        ORDER BY j.id
      ), asked AS (
        INSERT INTO {schema}.job_cancels (job_id, requested_at, requested_by, reason)
        SELECT l.job_id, {now}, ?::uuid, ?::text
        FROM leased l
        ON CONFLICT (job_id) DO NOTHING
      )
      SELECT l.job_id
      FROM leased l
      """;
  private static final String PENDING =
      """
      SELECT j.id
      FROM {schema}.computational_jobs j
      WHERE j.id = ANY (?::uuid[])
        AND j.status = 'pending'
        AND (?::text IS NULL OR j.tenant_id = ?::text)
      """;
  private static final String OF =
      """
      SELECT c.job_id, c.reason, c.requested_by
      FROM {schema}.job_cancels c
      WHERE c.job_id = ANY (?::uuid[])
      """;
  private static final String OVERTAKEN =
      """
      SELECT c.job_id, c.reason, c.requested_by
      FROM {schema}.job_cancels c
      WHERE NOT EXISTS (SELECT FROM {schema}.job_leases l WHERE l.job_id = c.job_id)
        AND {which}
      FOR UPDATE OF c SKIP LOCKED
      """;
  private static final String ALL = "SELECT c.job_id FROM {schema}.job_cancels c LIMIT ?";
  private static final String FORGET =
      """
      DELETE FROM {schema}.job_cancels c
      WHERE c.job_id = ANY (?::uuid[])
        AND NOT EXISTS (
          SELECT FROM {schema}.computational_jobs j
          WHERE j.id = c.job_id
            AND j.status = 'pending')
      """;

  private final CancelWaiting waiting;
  private final String request;
  private final String pending;
  private final String of;
  private final String overtaken;
  private final String overtakenOne;
  private final String all;
  private final String forget;

  CancelRequests(Schema schema, CancelWaiting waiting) {
    this.waiting = waiting;
    this.request = schema.render(REQUEST);
    this.pending = schema.render(PENDING);
    this.of = schema.render(OF);
    this.overtaken = schema.render(OVERTAKEN.replace("{which}", "TRUE\n      LIMIT ?"));
    this.overtakenOne = schema.render(OVERTAKEN.replace("{which}", "c.job_id = ?"));
    this.all = schema.render(ALL);
    this.forget = schema.render(FORGET);
  }

  /** A wish. */
  record Request(UUID job, Cancellation cancellation) {}

  /**
   * Leaves a wish for each of the jobs that is pending and leased, and returns these.
   *
   * @param anywhere whether it need not be leased
   */
  Set<UUID> request(Tx tx, Collection<UUID> jobs, Cancellation cancellation, boolean anywhere) {
    String tenant = tx.tenantId().orElse(null);
    return new HashSet<>(
        Sql.query(
            tx.connection(),
            request,
            row -> row.getObject(1, UUID.class),
            jobs.toArray(UUID[]::new),
            tenant,
            tenant,
            anywhere,
            cancellation.by(),
            cancellation.reason()));
  }

  /** Those of the jobs that have not ended. */
  Set<UUID> pending(Tx tx, Collection<UUID> jobs) {
    String tenant = tx.tenantId().orElse(null);
    return new HashSet<>(
        Sql.query(
            tx.connection(),
            pending,
            row -> row.getObject(1, UUID.class),
            jobs.toArray(UUID[]::new),
            tenant,
            tenant));
  }

  /** The wishes that there are for these jobs. */
  Map<UUID, Cancellation> of(Tx tx, Collection<UUID> jobs) {
    Map<UUID, Cancellation> found = new HashMap<>();
    Sql.query(tx.connection(), of, CancelRequests::request, (Object) jobs.toArray(UUID[]::new))
        .forEach(each -> found.put(each.job(), each.cancellation()));
    return found;
  }

  private static Request request(ResultSet row) throws SQLException {
    return new Request(
        row.getObject("job_id", UUID.class),
        new Cancellation(row.getString("reason"), Sql.uuid(row, "requested_by")));
  }

  /** Jobs that went back to waiting are cancelled; the wishes of those that have ended go. */
  @Override
  public boolean chunk(Tx tx) {
    return sweep(tx, overtaken, AT_ONCE) == AT_ONCE;
  }

  @Override
  public List<UUID> items(Tx tx) {
    return Sql.query(tx.connection(), all, row -> row.getObject(1, UUID.class), ITEMS);
  }

  @Override
  public void item(Tx tx, UUID id) {
    sweep(tx, overtakenOne, id);
  }

  private int sweep(Tx tx, String statement, Object parameter) {
    List<Request> requests =
        Sql.query(tx.connection(), statement, CancelRequests::request, parameter);
    for (Request each : requests) {
      waiting.runIfFree(tx, Set.of(each.job()), each.cancellation());
    }
    if (!requests.isEmpty()) {
      Sql.update(
          tx.connection(),
          forget,
          (Object) requests.stream().map(Request::job).toArray(UUID[]::new));
    }
    return requests.size();
  }
}

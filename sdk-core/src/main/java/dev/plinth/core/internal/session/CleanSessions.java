package dev.plinth.core.internal.session;

import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * Deletes sessions that ended a month ago. Walks along the primary key, whose ids tell when a
 * session began: one that ended a month ago is older than that, so neither the young ones are
 * looked at, nor is there an index on an end that moves with every use.
 */
final class CleanSessions {
  private static final Duration HISTORY = Duration.ofDays(30);
  private static final int BATCH = 1_000;

  /**
   * A batch of ids and which of them are over. Rows that somebody has locked are left for the next
   * time. The batch has no upper bound: to the planner a range is a small part of the table, which
   * it would read as a whole, and sort, for each batch.
   */
  private static final String DELETE =
      """
      WITH page AS (
        SELECT id, least(expires_at, idle_expires_at, ended_at) AS over_at
        FROM {schema}.sessions
        WHERE id > ?
        ORDER BY id
        LIMIT ?
      ), old AS (
        SELECT id, over_at
        FROM page
        WHERE id < (lpad(to_hex(
                (extract(epoch FROM {now} - make_interval(secs => ?)) * 1000)::bigint), 12, '0')
                || '00000000000000000000')::uuid
      ), over AS (
        SELECT s.id
        FROM {schema}.sessions s
        JOIN old ON old.id = s.id
        WHERE old.over_at <= {now} - make_interval(secs => ?)
        FOR UPDATE OF s SKIP LOCKED
      ), deleted AS (
        DELETE FROM {schema}.sessions s
        USING over
        WHERE s.id = over.id
      )
      SELECT id FROM old ORDER BY id DESC LIMIT 1
      """;

  private final Transactions transactions;
  private final String delete;

  CleanSessions(Transactions transactions, Schema schema) {
    this.transactions = transactions;
    this.delete = schema.render(DELETE);
  }

  /** Goes through all that are old enough, a short transaction for each batch. */
  void run() {
    Optional<UUID> last = Optional.of(new UUID(0, 0));
    while (last.isPresent() && !Thread.currentThread().isInterrupted()) {
      UUID after = last.get();
      last =
          transactions.inNew(
              TxOptions.defaults().withAllTenants(),
              tx ->
                  Sql.first(
                      tx.connection(),
                      delete,
                      row -> SessionRows.uuid(row, "id"),
                      after,
                      BATCH,
                      HISTORY,
                      HISTORY));
    }
  }
}

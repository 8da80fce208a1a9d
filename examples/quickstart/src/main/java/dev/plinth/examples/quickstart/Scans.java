package dev.plinth.examples.quickstart;

import dev.plinth.audit.Action;
import dev.plinth.audit.AuditLog;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.Jobs;
import dev.plinth.oauth.TokenSet;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Quotas;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The host's own table of scans, {@code public.quickstart_scans}, and the transaction that begins
 * one: the host's row, the batch, its jobs and the audit record exist together or not at all. So a
 * process that is killed leaves either nothing or a whole scan, which the next one goes on with.
 */
final class Scans {
  static final String PROVIDER = "catalogue";

  private final Plinth plinth;
  private final Jobs jobs;
  private final Quotas quotas;
  private final AuditLog audit;
  private final Tokens tokens;

  Scans(Plinth plinth, Jobs jobs, Quotas quotas, AuditLog audit, Tokens tokens) {
    this.plinth = plinth;
    this.jobs = jobs;
    this.quotas = quotas;
    this.audit = audit;
    this.tokens = tokens;
  }

  /**
   * A scan that was begun, now or by an earlier process.
   *
   * @param owner whose it is
   * @param batch its jobs
   * @param resumed true when an earlier process began it
   */
  record Scan(User owner, BatchId batch, boolean resumed) {}

  void createTable() throws SQLException {
    plinth.transact(
        tx -> {
          try (Statement statement = tx.connection().createStatement()) {
            statement.execute("SELECT pg_advisory_xact_lock(hashtext('public.quickstart_scans'))");
            statement.execute(
                """
                CREATE TABLE IF NOT EXISTS public.quickstart_scans (
                  batch_id uuid PRIMARY KEY,
                  owner_id uuid NOT NULL,
                  folder text NOT NULL,
                  begun_at timestamptz NOT NULL DEFAULT now()
                )
                """);
          }
        });
  }

  /**
   * The user of this name, with what the catalogue gave at their consent: an expired token, to be
   * refreshed.
   */
  User user(String name, long files, Catalogue catalogue) {
    return plinth.transactReturning(
        tx -> {
          User user =
              plinth
                  .users()
                  .in(tx)
                  .findOrCreate(
                      NewUser.withExternalId("quickstart:" + name)
                          .email(name + "@quickstart.example")
                          .fullName(name));
          quotas.in(tx).setCap(user.id(), "files", files);
          tokens
              .in(tx)
              .store(
                  user.id(),
                  PROVIDER,
                  TokenSet.of("expired")
                      .refreshToken(catalogue.consent(name))
                      .expiresIn(Duration.ZERO));
          return user;
        });
  }

  /** Goes on with the user's unfinished scan of the folder, else begins one. */
  Scan begin(User owner, String folder, List<String> paths) throws SQLException {
    return plinth.transactReturning(
        tx -> {
          Optional<BatchId> unfinished = unfinished(tx, owner, folder);
          if (unfinished.isPresent()) {
            return new Scan(owner, unfinished.get(), true);
          }
          BatchId batch =
              jobs.in(tx).batch("scan of " + shorten(folder)).owner(owner.id()).create();
          jobs.in(tx)
              .enqueueAll(
                  ScanFile.TYPE,
                  paths.stream().map(path -> new ScanArgs(folder, path)).toList(),
                  JobOptions.defaults().user(owner.id()).batch(batch));
          jobs.in(tx).seal(batch);
          insert(tx, owner, folder, batch);
          audit
              .in(tx)
              .record(
                  Action.of("scan.begun")
                      .actor(owner.id())
                      .resource("batch", batch.value())
                      .metadata(Map.of("files", paths.size())));
          return new Scan(owner, batch, false);
        });
  }

  Batch state(Scan scan) {
    return jobs.batch(scan.batch()).orElseThrow();
  }

  /**
   * Files that all scans of this user have finished, which is what the user must have been charged
   * for.
   */
  long completed(User owner) throws SQLException {
    return plinth.transactReturning(
        tx -> {
          long sum = 0;
          try (PreparedStatement statement =
              tx.connection()
                  .prepareStatement(
                      "SELECT batch_id FROM public.quickstart_scans WHERE owner_id = ?")) {
            statement.setObject(1, owner.id());
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                BatchId batch = new BatchId(rows.getObject(1, UUID.class));
                sum += jobs.in(tx).batch(batch).orElseThrow().completed();
              }
            }
          }
          return sum;
        });
  }

  private Optional<BatchId> unfinished(Tx tx, User owner, String folder) throws SQLException {
    try (PreparedStatement statement =
        tx.connection()
            .prepareStatement(
                """
                SELECT batch_id
                FROM public.quickstart_scans
                WHERE owner_id = ? AND folder = ?
                ORDER BY begun_at DESC
                LIMIT 1
                """)) {
      statement.setObject(1, owner.id());
      statement.setString(2, folder);
      try (ResultSet rows = statement.executeQuery()) {
        if (!rows.next()) {
          return Optional.empty();
        }
        BatchId batch = new BatchId(rows.getObject(1, UUID.class));
        return jobs.in(tx).batch(batch).filter(found -> !found.isFinished()).map(found -> batch);
      }
    }
  }

  private static void insert(Tx tx, User owner, String folder, BatchId batch) throws SQLException {
    try (PreparedStatement statement =
        tx.connection()
            .prepareStatement(
                "INSERT INTO public.quickstart_scans (batch_id, owner_id, folder) VALUES (?, ?, ?)")) {
      statement.setObject(1, batch.value());
      statement.setObject(2, owner.id());
      statement.setString(3, folder);
      statement.executeUpdate();
    }
  }

  private static String shorten(String folder) {
    return folder.length() <= 200 ? folder : "…" + folder.substring(folder.length() - 200);
  }
}

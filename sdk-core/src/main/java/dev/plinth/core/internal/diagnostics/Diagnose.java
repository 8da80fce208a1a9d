package dev.plinth.core.internal.diagnostics;

import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.internal.health.Session;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.tx.ConnectionUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Asks each question in a transaction of its own; one that fails is missing, and the rest is told.
 */
public final class Diagnose {
  /** Sizes of very many tables take a while; locks on them are not needed. */
  private static final Duration EACH = Duration.ofSeconds(20);

  private static final String SEES_ALL =
      "SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')";

  private final ConnectionSource source;
  private final Schema schema;

  /** Opens nothing. */
  public Diagnose(ConnectionSource source, Schema schema) {
    this.source = source;
    this.schema = schema;
  }

  /** See {@code Plinth.diagnostics()}. */
  public Diagnostics run() {
    try (Session session = new Session(source.open(), EACH)) {
      return new Questions(session).all();
    } catch (SQLException e) {
      throw new ConnectionUnavailableException(
          "No connection could be had from the DataSource to ask the database with ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** The questions of one call. */
  private final class Questions {
    private final Session session;
    private final List<String> missing = new ArrayList<>();

    Questions(Session session) {
      this.session = session;
    }

    Diagnostics all() {
      Diagnostics.Database database = ask("the database's size", Sizes::database);
      List<Diagnostics.Table> tables =
          list("sizes of tables", connection -> Sizes.tables(connection, schema));
      Diagnostics.Connections connections = ask("connections", Sessions::connections);
      List<Diagnostics.Transaction> transactions = list("transactions", Sessions::transactions);
      List<Diagnostics.UnusedIndex> unused =
          list("unused indexes", connection -> Sizes.unusedIndexes(connection, schema));
      List<Diagnostics.Replica> replicas = list("replicas", Replication::replicas);
      List<Diagnostics.Slot> slots = list("replication slots", Replication::slots);
      List<Diagnostics.HorizonHolder> horizon = list("the horizon", Replication::horizon);
      List<Diagnostics.LockWait> waits = list("lock waits", Sessions::lockWaits);
      Optional<List<Diagnostics.Statement>> slow = ask("slow statements", SlowStatements::slowest);
      if (slow != null && slow.isEmpty()) {
        missing.add(
            "slow statements: the extension pg_stat_statements is not installed in this database");
      }
      Boolean seesAll =
          ask(
              "the role's rights",
              connection -> Sql.query(connection, SEES_ALL, row -> row.getBoolean(1)).get(0));
      if (Boolean.FALSE.equals(seesAll)) {
        missing.add(
            "sessions, snapshots and statements of other roles, and the state of replicas: GRANT"
                + " pg_monitor to this role to see them");
      }
      return new Diagnostics(
          database,
          tables,
          connections,
          transactions,
          unused,
          replicas,
          slots,
          horizon,
          waits,
          slow == null ? List.of() : slow.orElse(List.of()),
          missing);
    }

    private <T> List<T> list(String what, Function<Connection, List<T>> question) {
      List<T> found = ask(what, question);
      return found == null ? List.of() : found;
    }

    private <T> @Nullable T ask(String what, Function<Connection, T> question) {
      try {
        return session.ask(question);
      } catch (RuntimeException e) {
        if (SqlStates.isConnectionLoss(e)) {
          throw e;
        }
        missing.add(what + ": " + e.getMessage());
        return null;
      }
    }
  }
}

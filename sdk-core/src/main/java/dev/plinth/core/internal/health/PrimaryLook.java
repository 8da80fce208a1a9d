package dev.plinth.core.internal.health;

import dev.plinth.core.PlinthException;
import dev.plinth.core.health.Health;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.internal.migration.FlywayMigrations;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the primary everything that health wants to know. A question that fails is a finding and the
 * next one is asked, unless the connection is gone.
 */
public final class PrimaryLook {
  private static final String SERVER =
      """
      SELECT current_setting('server_version') AS version,
             pg_catalog.pg_is_in_recovery() AS recovering,
             {now} AS now,
             CASE WHEN NOT pg_catalog.pg_is_in_recovery()
               THEN pg_catalog.pg_current_wal_insert_lsn()::text
             END AS position,
             CASE WHEN NOT pg_catalog.pg_is_in_recovery()
               THEN left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8)
             END AS history
      """;

  private static final String TASKS =
      """
      SELECT name, last_error,
             extract(epoch FROM {now} - last_started_at)::float8 AS age,
             coalesce(lease_until > {now}, false) AS running
      FROM {schema}.maintenance_tasks
      ORDER BY name
      """;

  private static final String HEARTBEAT =
      """
      SELECT heartbeat_at
      FROM {schema}.instances
      WHERE id = ?
      """;

  /** A task is asked about a few times in its period, and a node that died holds it for a while. */
  private static final Duration TASK_GRACE = Duration.ofMinutes(2);

  private final ConnectionSource source;
  private final Schema schema;
  private final List<FeatureModule> modules;
  private final FlywayMigrations migrations;
  private final Supplier<Map<String, Duration>> periods;
  private final Supplier<@Nullable UUID> instance;
  private final Supplier<Duration> runningFor;

  /** Opens nothing; the suppliers tell what this node knows of itself. */
  public PrimaryLook(
      ConnectionSource source,
      Schema schema,
      List<FeatureModule> modules,
      FlywayMigrations migrations,
      Supplier<Map<String, Duration>> periods,
      Supplier<@Nullable UUID> instance,
      Supplier<Duration> runningFor) {
    this.source = source;
    this.schema = schema;
    this.modules = modules;
    this.migrations = migrations;
    this.periods = periods;
    this.instance = instance;
    this.runningFor = runningFor;
  }

  /** Fills the facts; throws nothing. */
  void into(Facts facts, Duration time) {
    long begun = System.nanoTime();
    try (Session session = new Session(source.open(), time)) {
      Duration connecting = Duration.ofNanos(System.nanoTime() - begun);
      facts.connected = true;
      server(facts, session, connecting);
      ask(facts, session, "schema", connection -> migrations.state(connection))
          .accept(found -> facts.schema = found);
      boolean complete =
          !facts.schema.isEmpty() && facts.schema.stream().allMatch(s -> s.pending().isEmpty());
      if (complete) {
        ask(facts, session, "maintenance", this::tasks).accept(found -> facts.tasks = found);
        UUID id = instance.get();
        if (id != null) {
          ask(facts, session, "instance", connection -> heartbeat(connection, id))
              .accept(found -> found.stream().forEach(at -> facts.heartbeatAt = at));
        }
        readings(facts, session);
      }
    } catch (SQLException | RuntimeException | StackOverflowError e) {
      facts.findings.down(
          "database",
          facts.connected
              ? "The database was lost while it was asked: " + text(e)
              : "No connection to the database could be had ("
                  + text(e)
                  + "): see that the server runs and is reachable, and that the pool is not exhausted");
    } finally {
      facts.ended = true;
    }
  }

  private void server(Facts facts, Session session, Duration connecting) {
    session.ask(
        connection -> {
          // The first question of a session also begins it; this one is a plain round trip.
          long sent = System.nanoTime();
          return Sql.query(
              connection,
              schema.render(SERVER),
              row -> {
                facts.database =
                    new Health.Database(
                        row.getString("version"),
                        Duration.ofNanos(System.nanoTime() - sent),
                        connecting);
                facts.now = Sql.instant(row, "now");
                facts.logPosition = row.getString("position");
                facts.history = row.getString("history");
                if (row.getBoolean("recovering")) {
                  facts.findings.down(
                      "database",
                      "The DataSource leads to a standby, which takes no writes: point it at the"
                          + " primary (targetServerType=primary in the JDBC address)");
                }
                return true;
              });
        });
  }

  private List<Health.Task> tasks(Connection connection) {
    Map<String, Duration> known = periods.get();
    return Sql.query(
        connection,
        schema.render(TASKS),
        row -> {
          String name = row.getString("name");
          double age = row.getDouble("age");
          Duration since = row.wasNull() ? null : Duration.ofMillis((long) (age * 1000));
          Duration period = known.get(name);
          return new Health.Task(
              name,
              since,
              row.getString("last_error"),
              row.getBoolean("running"),
              period != null && isOverdue(period, since));
        });
  }

  private boolean isOverdue(Duration period, @Nullable Duration since) {
    Duration allowed = period.multipliedBy(2).plus(TASK_GRACE);
    return runningFor.get().compareTo(allowed) > 0
        && (since == null || since.compareTo(allowed) > 0);
  }

  private List<java.time.Instant> heartbeat(Connection connection, UUID id) {
    List<java.time.Instant> found = new ArrayList<>();
    Sql.query(
        connection,
        schema.render(HEARTBEAT),
        row -> {
          java.time.Instant at = Sql.instant(row, "heartbeat_at");
          return at != null && found.add(at);
        },
        id);
    return found;
  }

  private void readings(Facts facts, Session session) {
    for (FeatureModule module : modules) {
      ask(facts, session, module.name(), connection -> module.health(connection, schema))
          .accept(
              found -> {
                List<HealthReading> all = new ArrayList<>(facts.readings);
                all.addAll(found);
                facts.readings = List.copyOf(all);
              });
    }
  }

  /** Takes the answer if there is one. */
  private static <T> Consumer<Consumer<T>> ask(
      Facts facts, Session session, String part, Function<Connection, T> question) {
    try {
      T answer = session.ask(question);
      return taker -> taker.accept(answer);
    } catch (RuntimeException e) {
      if (SqlStates.isConnectionLoss(e)) {
        throw e;
      }
      facts.findings.degraded(part, "This could not be told: " + text(e));
      return taker -> {};
    }
  }

  static String text(Throwable e) {
    Throwable at = e;
    while (!(at instanceof PlinthException)
        && !(at instanceof SQLException)
        && at.getCause() != null) {
      at = at.getCause();
    }
    String message = String.valueOf(at.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}

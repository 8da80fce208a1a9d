package dev.plinth.core.internal.partition;

import dev.plinth.core.internal.LockPatience;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes what is missing, each partition in a transaction of its own. */
final class MakeAhead {
  private static final Logger log = LoggerFactory.getLogger(MakeAhead.class);

  /** Where a statement runs: a connection in auto-commit mode, or one short transaction each. */
  interface Session {
    <T> T run(Function<Connection, T> work);
  }

  private final Schema schema;
  private final LockPatience patience;

  MakeAhead(Schema schema, LockPatience patience) {
    this.schema = schema;
    this.patience = patience;
  }

  void ensure(Session session, PartitionedTable table) {
    Instant now = session.run(this::now);
    Set<Instant> there = new HashSet<>();
    session
        .run(c -> Attached.of(c, schema, table.table()))
        .forEach(child -> there.add(child.partition().from()));
    for (LocalDate day : Calendar.periods(table.period(), now, table.ahead())) {
      if (!there.contains(Calendar.begin(day))) {
        make(session, table.table(), day);
      }
    }
  }

  private void make(Session session, String table, LocalDate day) {
    boolean made = patience.untilLocked(() -> session.run(c -> make(c, table, day)));
    if (made) {
      log.debug("Made the partition of {} that begins on {}", table, day);
    }
  }

  private boolean make(Connection connection, String table, LocalDate day) {
    List<Boolean> made =
        Sql.query(
            connection,
            schema.render("SELECT {schema}.make_partition(?, ?)"),
            row -> row.getBoolean(1),
            table,
            day);
    return made.get(0);
  }

  private Instant now(Connection connection) {
    return Args.notNull(
        Sql.query(
                connection,
                schema.render("SELECT {now} AS now"),
                row -> Args.notNull(Sql.instant(row, "now"), "now"))
            .get(0),
        "now");
  }
}

package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.test.PlinthTest;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What recording costs, beside the audit table that a team would write by hand: the same columns
 * filled, the same four indexes, one partition, one statement.
 */
@PlinthTest(durable = true)
class OverheadTest {
  private static final Logger log = LoggerFactory.getLogger(OverheadTest.class);
  private static final int ROUNDS = Integer.getInteger("plinth.audit.rounds", 300);

  private static final String BY_HAND =
      """
      INSERT INTO by_hand (id, action, outcome, severity, actor_type, actor_id, resource_type,
        resource_id, occurred_at, recorded_at, after, metadata, is_cut)
      VALUES (?, 'order.created', 'success', 'info', 'user', ?, 'order', ?, now(), now(),
        ?::jsonb, '{}', false)
      """;

  @Test
  void record_besideAnInsertByHand_costsLittle(Plinth plinth, AuditLog audit) {
    UUID user = UUID.randomUUID();
    dev.plinth.core.json.Json order = dev.plinth.core.json.Json.of("{\"total\": 12.5, \"n\": 3}");
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), "CREATE TABLE orders (id uuid PRIMARY KEY, n int)");
          Sql.execute(tx.connection(), "CREATE TABLE by_hand (LIKE plinth.audit_actions)");
          Sql.execute(
              tx.connection(),
              """
              ALTER TABLE by_hand ADD PRIMARY KEY (id);
              CREATE INDEX ON by_hand (resource_type, resource_id, id);
              CREATE INDEX ON by_hand (actor_id, id);
              CREATE INDEX ON by_hand (session_id, id);
              """);
        });
    Consumer<Tx> byHand =
        tx -> {
          UUID id = order(plinth, tx);
          Sql.update(tx.connection(), BY_HAND, plinth.ids().next(), user, id.toString(), order);
        };
    Consumer<Tx> recorded =
        tx -> {
          UUID id = order(plinth, tx);
          audit
              .in(tx)
              .record(Action.of("order.created").actor(user).resource("order", id).after(order));
        };
    long[] first = new long[ROUNDS];
    long[] second = new long[ROUNDS];
    for (int i = -ROUNDS / 2; i < ROUNDS; i++) {
      long a = time(plinth, byHand);
      long b = time(plinth, recorded);
      if (i >= 0) {
        first[i] = a;
        second[i] = b;
      }
    }

    double ratio = median(second) / median(first);
    log.info(
        "A transaction of one order: {} µs with an INSERT by hand, {} µs with audit.record: {} times",
        Math.round(median(first) / 1000),
        Math.round(median(second) / 1000),
        Math.round(ratio * 100) / 100.0);
    // The aim is 1.25; a busy machine gets some room.
    assertThat(ratio).isLessThan(2.5);
  }

  private static UUID order(Plinth plinth, Tx tx) {
    UUID id = plinth.ids().next();
    Sql.update(tx.connection(), "INSERT INTO orders VALUES (?, 1)", id);
    return id;
  }

  private static long time(Plinth plinth, Consumer<Tx> work) {
    long start = System.nanoTime();
    plinth.transact(work::accept);
    return System.nanoTime() - start;
  }

  private static double median(long[] nanos) {
    Arrays.sort(nanos);
    return nanos[nanos.length / 2];
  }
}

package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Counts handlers at work, in this process and, through a table, in others. */
final class AtWork {
  private final ConcurrentHashMap<String, AtomicInteger> now = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, AtomicInteger> most = new ConcurrentHashMap<>();
  private final AtomicInteger begun = new AtomicInteger();

  /** The table that handlers of all processes write to. */
  static void createTable(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                DROP TABLE IF EXISTS at_work, seen;
                CREATE TABLE at_work (job uuid, epoch integer);
                CREATE TABLE seen (handlers bigint, leases bigint);
                """));
  }

  /** A handler that notes in the table how many are at work while it is. */
  static JobAction<Number> throughTable(Plinth plinth) {
    return (args, run) -> {
      execute(plinth, "INSERT INTO at_work VALUES (?, ?)", run);
      plinth.transactSeparately(
          TxOptions.defaults(),
          tx ->
              Sql.update(
                  tx.connection(),
                  """
                  INSERT INTO seen
                  SELECT (SELECT count(*) FROM at_work), (SELECT count(*) FROM plinth.job_leases)
                  """));
      execute(plinth, "DELETE FROM at_work WHERE job = ? AND epoch = ?", run);
    };
  }

  private static void execute(Plinth plinth, String sql, JobRun run) {
    plinth.transactSeparately(
        TxOptions.defaults(),
        tx -> Sql.update(tx.connection(), sql, run.id().value(), run.epoch()));
  }

  static long number(Plinth plinth, String sql) {
    return plinth
        .<List<Long>, RuntimeException>transactReturning(
            tx -> Sql.query(tx.connection(), sql, row -> row.getLong(1)))
        .get(0);
  }

  /** A handler that counts as what the function says, and goes on at once. */
  JobAction<Number> counting(Function<Number, List<String>> what) {
    return (args, run) -> {
      begin(what.apply(args));
      Thread.yield();
      end(what.apply(args));
    };
  }

  /** A handler that counts as what it is given, and works until the latch opens. */
  JobAction<Number> until(CountDownLatch latch, String what) {
    return (args, run) -> {
      begin(List.of(what));
      try {
        latch.await();
      } finally {
        end(List.of(what));
      }
    };
  }

  void begin(List<String> things) {
    begun.incrementAndGet();
    for (String thing : things) {
      int count = now.computeIfAbsent(thing, x -> new AtomicInteger()).incrementAndGet();
      most.computeIfAbsent(thing, x -> new AtomicInteger()).accumulateAndGet(count, Math::max);
    }
  }

  void end(List<String> things) {
    things.forEach(thing -> now.get(thing).decrementAndGet());
  }

  int now(String thing) {
    AtomicInteger count = now.get(thing);
    return count == null ? 0 : count.get();
  }

  int most(String thing) {
    AtomicInteger count = most.get(thing);
    return count == null ? 0 : count.get();
  }

  /** The greatest number of anything at a time. */
  int most() {
    return most.values().stream().mapToInt(AtomicInteger::get).max().orElse(0);
  }

  int begun() {
    return begun.get();
  }
}

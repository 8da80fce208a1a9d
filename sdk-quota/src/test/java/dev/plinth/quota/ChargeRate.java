package dev.plinth.quota;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthFixture;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Prints how many charges a second eight threads get, beside the least that PostgreSQL could do for
 * the same: one upsert per transaction. Run by hand; argument: seconds per measurement.
 */
final class ChargeRate {
  private static final int THREADS = 8;
  private static final String UPSERT =
      """
      INSERT INTO bare AS b (user_id, used) VALUES (?, 1)
      ON CONFLICT (user_id) DO UPDATE SET used = b.used + 1 WHERE b.used < 1000000000
      RETURNING used
      """;

  private ChargeRate() {}

  /** Measures; see the class. */
  public static void main(String[] args) throws InterruptedException {
    int seconds = args.length == 0 ? 5 : Integer.parseInt(args[0]);
    try (PlinthFixture fixture = PlinthFixture.builder().durable(true).create();
        Quotas quotas =
            Quotas.builder(fixture.plinth())
                .limit("a", 1_000_000_000)
                .limit("b", 1_000_000_000)
                .limit("c", 1_000_000_000)
                .build()) {
      Plinth plinth = fixture.plinth();
      List<UUID> users = users(plinth, 10_000);
      Charge three = Charge.of("a", 1).and("b", 1).and("c", 1);
      Consumer<UUID> upsert =
          user ->
              plinth.transact(
                  tx -> Sql.query(tx.connection(), UPSERT, row -> row.getLong(1), user));
      for (int keys : new int[] {1, users.size()}) {
        List<UUID> among = users.subList(0, keys);
        measure("upsert", among, seconds, upsert);
        measure("charge", among, seconds, user -> quotas.charge(user, "a", 1));
        measure("charge of three", among, seconds, user -> quotas.charge(user, three));
      }
    }
  }

  private static List<UUID> users(Plinth plinth, int count) {
    return plinth.<List<UUID>, RuntimeException>transactReturning(
        tx -> {
          Sql.execute(
              tx.connection(),
              "CREATE TABLE bare (user_id uuid PRIMARY KEY, used bigint) WITH (fillfactor = 50)");
          List<UUID> ids = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            ids.add(plinth.ids().next());
          }
          UUID[] all = ids.toArray(UUID[]::new);
          Sql.update(
              tx.connection(),
              plinth
                  .schema()
                  .render(
                      "INSERT INTO {schema}.users (id, username) SELECT u, 'u' || u FROM unnest(?::uuid[]) u"),
              (Object) all);
          Sql.update(
              tx.connection(),
              plinth
                  .schema()
                  .render(
                      """
                      INSERT INTO {schema}.user_usage (user_id, limit_name, cap)
                      SELECT u, l, 0 FROM unnest(?::uuid[]) u, unnest('{a,b,c}'::text[]) l
                      """),
              (Object) all);
          Sql.update(
              tx.connection(),
              "INSERT INTO bare SELECT u, 0 FROM unnest(?::uuid[]) u",
              (Object) all);
          return ids;
        });
  }

  private static void measure(String what, List<UUID> users, int seconds, Consumer<UUID> work)
      throws InterruptedException {
    run(users, 1, work);
    long rate = run(users, seconds, work);
    System.out.printf("%-16s %6d keys %8d/s%n", what, users.size(), rate);
  }

  private static long run(List<UUID> users, int seconds, Consumer<UUID> work)
      throws InterruptedException {
    LongAdder done = new LongAdder();
    long begun = System.nanoTime();
    long end = begun + seconds * 1_000_000_000L;
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Thread thread =
          new Thread(
              () -> {
                while (System.nanoTime() < end) {
                  work.accept(users.get(ThreadLocalRandom.current().nextInt(users.size())));
                  done.increment();
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return done.sum() * 1_000_000_000L / (System.nanoTime() - begun);
  }
}

package dev.plinth.quota;

import static dev.plinth.quota.Given.ledger;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest
class ConcurrentChargeTest {
  private static final int THREADS = 32;
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final List<String> LIMITS = List.of("a", "b", "c", "d", "e");

  /** No repetition: a deadlock would reach the test. */
  private static final TxOptions ONCE = TxOptions.defaults().withMaxAttempts(1);

  private Plinth plinth;
  private Quotas quotas;

  /** A plinth on as many connections as there are threads, and a table that refuses any excess. */
  @BeforeEach
  void setUp(TestDatabase database, SettableClock clock) {
    plinth = database.plinth(database.pool(THREADS)).build();
    quotas =
        Quotas.builder(plinth)
            .limit("a", 400)
            .limit("b", 300, Window.perHour())
            .limit("c", 1_000_000)
            .limit("d", 900, Window.perDay())
            .limit("e", 40)
            .build();
    clock.set(Instant.parse("2030-05-05T10:01:00Z"));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                plinth
                    .schema()
                    .render(
                        "ALTER TABLE {schema}.user_usage"
                            + " DROP CONSTRAINT IF EXISTS never_over,"
                            + " ADD CONSTRAINT never_over CHECK (used + held <= cap)")));
  }

  @AfterEach
  void tearDown() {
    quotas.close();
    plinth.close();
  }

  @Test
  void charge_oneKeyByAllThreads_isAdmittedExactlyToTheCap() throws Exception {
    UUID user = Given.user(plinth);
    AtomicLong admitted = new AtomicLong();

    race(
        random -> {
          for (int i = 0; i < 20; i++) {
            if (once(quotas -> quotas.charge(user, "a", 1)).isCharged()) {
              admitted.incrementAndGet();
            }
          }
        });

    assertThat(admitted).hasValue(400);
    assertThat(ledger(plinth, user)).isEqualTo(Map.of("a", 400_000_000L));
  }

  @Test
  void charge_firstOfManyUsersByAllThreadsInOppositeOrders_neitherFailsNorDeadlocks()
      throws Exception {
    List<UUID> users = users(40);
    race(
        random -> {
          for (UUID user : users) {
            Charge some = random.nextBoolean() ? Charge.of("b", 1).and("c", 1) : Charge.of("c", 1);
            Charge more = random.nextBoolean() ? Charge.of("e", 1).and("a", 1) : some;
            once(quotas -> quotas.charge(user, more));
          }
        });

    assertThat(users).allSatisfy(user -> assertThat(ledger(plinth, user)).isNotEmpty());
  }

  @Test
  void charge_randomLimitsOfManyUsers_leavesEveryLedgerEqualToTheModel() throws Exception {
    List<UUID> users = users(12);
    int each = (LARGE ? 96_000 : 4_800) / THREADS;
    List<Map<String, Long>> models = Collections.synchronizedList(new ArrayList<>());
    AtomicLong denied = new AtomicLong();

    race(
        random -> {
          Map<String, Long> model = new TreeMap<>();
          for (int i = 0; i < each; i++) {
            UUID user = users.get(random.nextInt(users.size()));
            if (random.nextInt(10) == 0) {
              release(user, random, model);
            } else if (!charge(user, random, model)) {
              denied.incrementAndGet();
            }
          }
          models.add(model);
        });

    Map<String, Long> model = new TreeMap<>();
    models.forEach(one -> one.forEach((key, amount) -> model.merge(key, amount, Long::sum)));
    Map<String, Long> ledgers = new TreeMap<>();
    users.forEach(
        user ->
            ledger(plinth, user)
                .forEach((limit, used) -> ledgers.put(user + " " + limit, used / 1_000_000)));
    ledgers.values().removeIf(used -> used == 0);
    model.values().removeIf(used -> used == 0);
    assertThat(ledgers).isEqualTo(model);
    assertThat(denied.get()).isPositive();
    assertThat(
            Given.strings(plinth, "SELECT sum(denials)::text FROM {schema}.quota_violations")
                .get(0))
        .satisfies(sum -> assertThat(Long.parseLong(sum)).isGreaterThanOrEqualTo(denied.get()));
  }

  private boolean charge(UUID user, Random random, Map<String, Long> model) {
    List<String> limits = new ArrayList<>(LIMITS);
    Collections.shuffle(limits, random);
    Charge charge = Charge.of(limits.get(0), 1 + random.nextInt(5));
    for (String limit : limits.subList(1, 1 + random.nextInt(3))) {
      charge = charge.and(limit, 1 + random.nextInt(5));
    }
    Charge asked = charge;
    if (!once(quotas -> quotas.charge(user, asked)).isCharged()) {
      return false;
    }
    asked
        .amounts()
        .forEach((limit, amount) -> model.merge(user + " " + limit, amount.longValue(), Long::sum));
    return true;
  }

  private void release(UUID user, Random random, Map<String, Long> model) {
    Charge some = Charge.of("a", 1 + random.nextInt(5)).and("e", 1 + random.nextInt(5));
    for (Released released : once(quotas -> quotas.release(user, some))) {
      model.merge(user + " " + released.limit(), -released.released().longValue(), Long::sum);
    }
  }

  private <T> T once(Function<UserQuotas, T> work) {
    return plinth.<T, RuntimeException>transactReturning(ONCE, tx -> work.apply(quotas.in(tx)));
  }

  private List<UUID> users(int count) {
    List<UUID> users = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      users.add(Given.user(plinth));
    }
    return users;
  }

  private static void race(Consumer<Random> work) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(THREADS);
    ExecutorService executor = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Random random = new Random(i);
        tasks.add(
            () -> {
              barrier.await();
              work.accept(random);
              return null;
            });
      }
      for (Future<Void> done : executor.invokeAll(tasks)) {
        done.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }
}

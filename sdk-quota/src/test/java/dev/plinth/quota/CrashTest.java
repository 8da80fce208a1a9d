package dev.plinth.quota;

import static dev.plinth.quota.Given.ledger;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest(durable = true)
class CrashTest {
  private static final int CAP = 600;

  /**
   * A host that notes what it was admitted, in the transaction of the charge, until it is denied.
   */
  static final class Host {
    private Host() {}

    static void main(String[] args) {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Plinth plinth = database.plinth(database.pool(4)).build();
          Quotas quotas = Quotas.builder(plinth).limit("req_hour", CAP, Window.perHour()).build()) {
        ForkedJvm.report("ready");
        ForkedJvm.awaitOrder("go");
        List<Thread> threads =
            List.of(
                new Thread(() -> charge(plinth, quotas, UUID.fromString(args[1]), args[2])),
                new Thread(() -> charge(plinth, quotas, UUID.fromString(args[1]), args[2])));
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
          thread.join();
        }
        ForkedJvm.report("denied");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private static void charge(Plinth plinth, Quotas quotas, UUID user, String name) {
      boolean charged = true;
      for (int i = 0; charged; i++) {
        charged =
            plinth.<Boolean, RuntimeException>transactReturning(
                tx -> {
                  boolean admitted = quotas.in(tx).charge(user, "req_hour", 1).isCharged();
                  if (admitted) {
                    Sql.update(tx.connection(), "INSERT INTO admitted VALUES (?)", name);
                  }
                  return admitted;
                });
        ForkedJvm.report("charged " + i);
      }
    }
  }

  @Test
  void kill_oneOfTwoProcessesChargingOneKey_leavesWhatWasAdmittedEqualToWhatIsUsed(
      TestDatabase database, Plinth plinth, SettableClock clock) throws Exception {
    clock.set(Instant.parse("2030-05-05T10:01:00Z"));
    UUID user = Given.user(plinth);
    try (Connection connection = database.connect();
        ForkedJvm victim = ForkedJvm.start(Host.class, database.url(), user.toString(), "victim");
        ForkedJvm other = ForkedJvm.start(Host.class, database.url(), user.toString(), "other")) {
      Sql.execute(connection, "CREATE TABLE admitted (by text); CREATE TABLE attempts (by text)");
      victim.await("ready");
      other.await("ready");
      victim.send("go");
      other.send("go");

      victim.await("charged 40");
      victim.kill();
      other.await("denied");

      List<Integer> admitted =
          Sql.query(
              connection,
              "SELECT count(*) FROM admitted GROUP BY by ORDER BY by",
              row -> row.getInt(1));
      assertThat(admitted).hasSize(2);
      assertThat(admitted.get(0) + admitted.get(1)).isEqualTo(CAP);
      assertThat(ledger(plinth, user)).isEqualTo(Map.of("req_hour", CAP * 1_000_000L));
    }
  }
}

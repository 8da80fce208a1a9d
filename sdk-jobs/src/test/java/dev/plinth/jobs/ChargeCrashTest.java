package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that charges as it runs is killed: what it used is charged once, but for the last. */
@Tag("proof")
@PlinthTest(durable = true)
class ChargeCrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int KILLS = LARGE ? 40 : 3;
  private static final Duration PERIOD = Duration.ofMillis(100);
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);

  /**
   * What a thread may use that is charged and not noted: on its way to the handler, since a note.
   */
  private static final BigDecimal NOT_NOTED = new BigDecimal("0.25");

  private static final JobType<Number> ENDLESS =
      JobType.of("endless", Number.class)
          .withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(100));

  @TempDir Path folder;

  /** Uses the processor for ever, and notes how much of it in a file. */
  static final class Burner {
    public static void main(String[] args) throws Exception {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth = database.plinth(database.pool(5)).instanceTimeToLive(TIME_TO_LIVE).build();
      try (FileChannel notes = FileChannel.open(Path.of(args[1]), StandardOpenOption.WRITE)) {
        Jobs jobs =
            Jobs.builder(plinth)
                .handle(
                    ENDLESS,
                    (number, run) -> {
                      long begun = cpu();
                      while (true) {
                        long until = cpu() + 5_000_000;
                        while (cpu() < until) {
                          Thread.onSpinWait();
                        }
                        notes.write(ByteBuffer.allocate(8).putLong(cpu() - begun).flip(), 0);
                      }
                    })
                .charge(ENDLESS, new Ledger(), "cpu_seconds")
                .chargeEvery(PERIOD)
                .pollInterval(Duration.ofMillis(50))
                .build();
        jobs.start();
        new CountDownLatch(1).await();
      }
    }

    private static long cpu() {
      return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
  }

  @Test
  void processKilledWhileItCharges_isChargedForNothingTwice_andLosesAPeriodAtMost(
      Plinth plinth, Jobs inspect, TestDatabase database) throws Exception {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    Ledger.create(plinth);
    Ledger.open(plinth, user, "1000000");
    JobId id = inspect.enqueue(ENDLESS, new Number(1), JobOptions.defaults().user(user));
    Random random = new Random(20261129);
    List<BigDecimal> lost = new ArrayList<>();
    for (int kill = 0; kill < KILLS; kill++) {
      Path notes = Files.write(folder.resolve("used-" + kill), new byte[8]);
      BigDecimal before = Ledger.sum(plinth);
      int entries = Ledger.entries(plinth).size();
      try (ForkedJvm process = ForkedJvm.start(Burner.class, database.url(), notes.toString())) {
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> Ledger.entries(plinth).size() >= entries + 3);
        await()
            .pollDelay(Duration.ofMillis(1 + random.nextInt(2 * (int) PERIOD.toMillis())))
            .until(() -> true);
        process.kill();
      }
      BigDecimal used = used(notes);
      // The commit of a charge may have been under way.
      await().until(() -> othersAtWork(plinth) == 0);
      BigDecimal charged = Ledger.sum(plinth).subtract(before);

      assertThat(charged).isPositive().isLessThanOrEqualTo(used.add(NOT_NOTED));
      lost.add(used.subtract(charged));
    }

    System.out.printf("lost by each kill, in seconds: %s%n", lost);
    // One on a busy machine may find its charging thread late.
    assertThat(lost).allSatisfy(one -> assertThat(one).isLessThan(new BigDecimal("2")));
    assertThat(lost)
        .anySatisfy(
            one ->
                assertThat(one)
                    .isLessThan(BigDecimal.valueOf(PERIOD.toMillis(), 3).add(NOT_NOTED)));
    try (Jobs last =
        Jobs.builder(plinth)
            .handle(ENDLESS, (number, run) -> {})
            .charge(ENDLESS, new Ledger(), "cpu_seconds")
            .build()) {
      last.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
    assertThat(inspect.attempts(id)).hasSize(KILLS + 1);
    assertThat(inspect.check()).isEmpty();
  }

  private static BigDecimal used(Path notes) throws IOException {
    return BigDecimal.valueOf(ByteBuffer.wrap(Files.readAllBytes(notes)).getLong() / 1_000, 6);
  }

  private static long othersAtWork(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND state <> 'idle' AND pid <> pg_backend_pid()"
                        + " AND query LIKE '%ledger%'",
                    row -> row.getLong(1))
                .get(0));
  }
}

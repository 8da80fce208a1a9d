package dev.plinth.jobs;

import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.PlinthException;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.BaseBackup;
import dev.plinth.test.OwnServer;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A claim remembers from which transaction on its lanes may hold something. A standby that takes
 * over, or a restored backup, counts on from an earlier one, while nodes go on running.
 */
@Tag("proof")
class ServerFallenBackTest {
  @TempDir private Path archive;

  private static PlinthBuilder on(AtomicReference<String> address, TestDatabase database) {
    return Plinth.builder()
        .connectionSource(() -> DriverManager.getConnection(address.get()))
        .schema(database.schema("plinth"))
        .instanceTimeToLive(Duration.ofSeconds(2))
        .withoutNotifications();
  }

  private static void traffic(Plinth plinth, Jobs jobs, int count) {
    for (int i = 0; i < count; i++) {
      jobs.enqueue(i % 10 == 0 ? Effects.SECOND : Effects.EXACT, new Number(i));
    }
    awaitEnded(plinth);
    // Until the lanes have been looked at again.
    await().during(Duration.ofSeconds(2)).until(() -> Effects.pending(plinth) == 0);
  }

  private static void awaitEnded(Plinth plinth) {
    await()
        .ignoreExceptionsInstanceOf(PlinthException.class)
        .until(() -> Effects.pending(plinth) == 0);
  }

  @Test
  void serverWhoseNumbersHaveFallenBack_runningNodeGoesOn() throws Exception {
    try (OwnServer first =
        OwnServer.create(
            Map.of("archive_mode", "on", "archive_command", "cp \"%p\" \"" + archive + "/%f\""))) {
      // Not to be closed: its server will be gone.
      TestDatabase database = first.createDatabase();
      AtomicReference<String> address = new AtomicReference<>(database.url());
      try (Plinth node = on(address, database).build();
          Jobs jobs = Effects.handled(node).build()) {
        node.migrations().migrate();
        Effects.create(node);
        jobs.start();
        traffic(node, jobs, 10);
        try (BaseBackup backup = first.baseBackup()) {
          Effects.count(node, "SELECT pg_create_restore_point('here') - '0/0'");
          // What is lost, as when a standby takes over that was behind.
          traffic(node, jobs, 400);
          Effects.count(node, "SELECT pg_switch_wal() - '0/0'");
          first.stop();
          try (OwnServer second =
                  OwnServer.restored(
                      backup,
                      Map.of(
                          "archive_mode", "off",
                          "restore_command", "cp \"" + archive + "/%f\" \"%p\"",
                          "recovery_target_name", "here",
                          "recovery_target_action", "promote"));
              TestDatabase there = second.sameAs(database)) {
            address.set(there.url());
            awaitPromoted(node);
            for (int i = 0; i < 20; i++) {
              jobs.enqueue(Effects.EXACT, new Number(i));
            }
            awaitEnded(node);
            Effects.areRight(node, jobs, 30);
            jobs.close();
          }
        }
      }
    }
  }

  private static void awaitPromoted(Plinth plinth) {
    await()
        .ignoreExceptionsInstanceOf(PlinthException.class)
        .until(() -> Effects.count(plinth, "SELECT pg_is_in_recovery()::integer") == 0);
  }
}

package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.DriverManager;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@PlinthTest(durable = true)
class LostCommitTest {
  private static final Action ACTION = Action.of("paid").actor(Actor.system("till"));

  @ParameterizedTest
  @EnumSource
  void record_connectionLostDuringCommit_isThereOnceAfterARetryWithItsId(
      FaultyProxy.Loss loss, TestDatabase database) {
    try (FaultyProxy network = FaultyProxy.to(database);
        Plinth plinth =
            Plinth.builder()
                .connectionSource(() -> DriverManager.getConnection(network.url()))
                .schema(database.schema("plinth"))
                .clock(database.clock())
                .build();
        AuditLog audit = AuditLog.create(plinth)) {
      Action action = ACTION.id(plinth.ids().next());
      network.loseNextCommit(loss);

      assertThatThrownBy(() -> audit.record(action)).isInstanceOf(OutcomeUnknownException.class);
      audit.record(action);

      assertThat(audit.search(AuditQuery.all(), PageRequest.first(10)).items()).hasSize(1);
    }
  }

  @Test
  void record_processKilledBeforeTheCommit_leavesNothingAndAfterItEverything(
      TestDatabase database, AuditLog audit) {
    try (ForkedJvm node = ForkedJvm.start(Writer.class, database.url())) {
      UUID committed = UUID.fromString(after(node.await("committed "), "committed "));
      UUID open = UUID.fromString(after(node.await("recorded "), "recorded "));
      node.kill();

      assertThat(audit.find(committed)).isPresent();
      assertThat(audit.find(open)).isEmpty();
    }
  }

  /** Commits one record, writes a second, and waits to be killed. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Plinth plinth = database.plinth(database.pool(2)).build();
          AuditLog audit = AuditLog.create(plinth)) {
        ForkedJvm.report("committed " + audit.record(ACTION));
        plinth.transact(
            tx -> {
              ForkedJvm.report("recorded " + audit.in(tx).record(ACTION));
              ForkedJvm.awaitOrder("never given");
            });
      }
    }
  }

  private static String after(String line, String prefix) {
    return line.substring(line.indexOf(prefix) + prefix.length()).strip();
  }
}

package dev.plinth.core.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.ReplicatedDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A replica that became a primary of its own no longer has what the old primary commits. */
class ReplicaPromotedTest {
  private static final ReadOptions NOT_WAITING =
      ReadOptions.defaults().withWhenBehind(new WhenBehind.FallBackToPrimary(Duration.ZERO));

  @Test
  void read_replicaPromoted_tokensOfEitherTimelineLeadToWhereTheyWereWritten() {
    try (ReplicatedDatabase replicated = ReplicatedDatabase.create();
        HikariDataSource old = replicated.database().pool(3);
        HikariDataSource promoted = replicated.replicaPool(3);
        Plinth split = replicated.database().plinth(old).readDataSource(promoted).build();
        Plinth moved = replicated.database().plinth(promoted).readDataSource(promoted).build()) {
      Written<User> before = write(split, "before@example.org");
      replicated.awaitReplay();
      replicated.promote();
      // The new primary's log runs ahead of the old one's, and lacks what that one commits.
      for (int i = 0; i < 20; i++) {
        write(moved, "ahead" + i + "@example.org");
      }
      Written<User> after = write(split, "after@example.org");
      assertThat(finds(split, after)).isTrue();
      assertThat(finds(split, before)).isTrue();

      Written<User> onNew = write(moved, "new@example.org");
      assertThat(onNew.position().timeline()).isEqualTo(after.position().timeline() + 1);
      assertThat(onNew.position().system()).isEqualTo(after.position().system());
      assertThat(finds(moved, onNew)).isTrue();
      assertThat(finds(moved, before)).isTrue();
      assertThat(
              moved
                  .reads()
                  .<Boolean, RuntimeException>read(
                      NOT_WAITING.withAfter(onNew.position()), ReplicaPromotedTest::isReadOnly))
          .isTrue();
    }
  }

  private static Written<User> write(Plinth plinth, String email) {
    return plinth
        .reads()
        .<User, RuntimeException>writing(
            TxOptions.defaults(), tx -> plinth.users().in(tx).create(NewUser.withEmail(email)));
  }

  private static boolean finds(Plinth plinth, Written<User> written) {
    return plinth
        .reads()
        .<Boolean, RuntimeException>read(
            NOT_WAITING.withAfter(written.position()),
            tx -> plinth.users().in(tx).find(written.result().id()).isPresent());
  }

  private static boolean isReadOnly(Tx tx) {
    return Sql.query(tx.connection(), "SHOW transaction_read_only", row -> row.getString(1))
        .get(0)
        .equals("on");
  }
}

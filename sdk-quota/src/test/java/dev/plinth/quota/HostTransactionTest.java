package dev.plinth.quota;

import static dev.plinth.quota.Given.ledger;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events;
import dev.plinth.core.event.Fact;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.Tx;
import dev.plinth.quota.Decision.Denied;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class HostTransactionTest {
  private Plinth plinth;
  private Quotas quotas;
  private DataSource dataSource;
  private UUID user;

  @BeforeEach
  void setUp(Plinth plinth, Quotas quotas, DataSource dataSource) {
    this.plinth = plinth;
    this.quotas = quotas;
    this.dataSource = dataSource;
    this.user = Given.user(plinth);
  }

  private Connection begin() throws SQLException {
    Connection connection = dataSource.getConnection();
    connection.setAutoCommit(false);
    return connection;
  }

  @Test
  void charge_hostCommits_isCharged_andHostRollsBack_isGivenBack() throws SQLException {
    try (Connection host = begin()) {
      quotas.in(plinth.join(host)).charge(user, "storage_mb", 12);
      host.commit();
      quotas.in(plinth.join(host)).charge(user, "storage_mb", 30);
      host.rollback();
    }

    assertThat(ledger(plinth, user)).isEqualTo(Map.of("storage_mb", 12_000_000L));
  }

  @Test
  void charge_firstOfAUserRolledBack_leavesNothing() throws SQLException {
    try (Connection host = begin()) {
      quotas.in(plinth.join(host)).charge(user, "storage_mb", 12);
      host.rollback();
    }

    assertThat(ledger(plinth, user)).isEmpty();
  }

  @Test
  void charge_denied_leavesTheTransactionUsable_andTheViolationCommitsWithIt() throws SQLException {
    try (Connection host = begin()) {
      UserQuotas here = quotas.in(plinth.join(host));
      assertThat(here.charge(user, "storage_mb", 5_001).isCharged()).isFalse();
      assertThat(here.charge(user, "storage_mb", 5_000).isCharged()).isTrue();
      host.commit();
    }

    assertThat(ledger(plinth, user)).isEqualTo(Map.of("storage_mb", 5_000_000_000L));
    assertThat(quotas.violations(user, null, 10))
        .extracting(Violation::denials)
        .containsExactly(1L);
  }

  @Test
  void chargeOrThrow_rollsTheTransactionBack_andRecordKeepsTheViolation() {
    List<Denied> denials = new ArrayList<>();
    assertThatThrownBy(
            () -> plinth.transact(tx -> quotas.in(tx).chargeOrThrow(user, "storage_mb", 5_001)))
        .isInstanceOfSatisfying(QuotaExceededException.class, e -> denials.add(e.denied()));
    assertThat(quotas.violations(user, null, 10)).isEmpty();

    quotas.record(denials.get(0));

    assertThat(quotas.violations(user, null, 10))
        .singleElement()
        .satisfies(
            violation -> {
              assertThat(violation.limit()).isEqualTo("storage_mb");
              assertThat(violation.denials()).isEqualTo(1);
              assertThat(violation.lastAt()).isEqualTo(denials.get(0).at());
            });
  }

  @Test
  void denial_isAnnouncedInItsTransaction_onceAMinute() {
    List<QuotaViolated> heard = new ArrayList<>();
    List<Tx> where = new ArrayList<>();
    try (Events.Subscription subscription =
        plinth
            .events()
            .inTransaction(
                QuotaViolated.class,
                (tx, event) -> {
                  where.add(tx);
                  heard.add(event);
                })) {
      plinth.transact(
          tx -> {
            quotas.in(tx).charge(user, Charge.of("storage_mb", 5_001).and("files", 1));
            quotas.in(tx).charge(user, "storage_mb", 5_002);
            assertThat(where).containsExactly(tx);
          });
    }

    assertThat(heard).hasSize(1);
    assertThat(heard.get(0).fact().action()).isEqualTo("quota.violated");
    assertThat(heard.get(0).fact().resourceId()).isEqualTo("storage_mb");
    assertThat(heard.get(0).fact().outcome()).isEqualTo(Fact.Outcome.DENIED);
    assertThat(heard.get(0).fact().details().text())
        .contains("\"requested\":5001")
        .contains("\"cap\":5000");
  }

  @Test
  void charge_repeatableReadHost_getsASerializationFailureItCanRepeatAfter() throws SQLException {
    quotas.charge(user, "files", 1);
    try (Connection host = begin()) {
      host.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Sql.query(host, "SELECT 1", row -> row.getInt(1));
      quotas.charge(user, "files", 1);

      assertThatThrownBy(() -> quotas.in(plinth.join(host)).charge(user, "files", 1))
          .matches(SqlStates::isRetryable);

      host.rollback();
      assertThat(quotas.in(plinth.join(host)).charge(user, "files", 1).isCharged()).isTrue();
      host.commit();
      host.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }

    assertThat(ledger(plinth, user)).isEqualTo(Map.of("files", 3_000_000L));
  }

  @Test
  void charge_anotherLimitOfAUserWhoseTransactionIsOpen_doesNotWait() throws SQLException {
    quotas.charge(user, "req_hour", 1);
    try (Connection host = begin()) {
      quotas.in(plinth.join(host)).charge(user, "storage_mb", 1);

      try (Connection other = begin()) {
        Sql.execute(other, "SET LOCAL lock_timeout = '2s'");
        assertThat(quotas.in(plinth.join(other)).charge(user, "req_hour", 1).isCharged()).isTrue();
        other.commit();
      }
      host.commit();
    }
  }

  @Test
  void allCalls_poolOfOne_succeed(TestDatabase database) {
    try (Plinth single = database.plinth(database.pool(1)).build();
        Quotas alone = Quotas.create(single)) {
      alone.charge(user, "files", 1);
      alone.charge(user, "files", 10_000);
      single.transact(
          tx -> {
            alone.charge(user, "files_max", 3);
            alone.release(user, "files_max", 1);
            alone.setCap(user, "files_max", 2);
            assertThat(alone.charge(user, "files_max", 1).isCharged()).isFalse();
          });
      assertThat(alone.usage(user)).hasSize(7);
      assertThat(alone.violations(user, null, 10)).hasSize(2);
    }
  }

  @Test
  void deletingAUser_deletesWhatWasCountedForThem() {
    quotas.charge(user, "files", 20_000);
    quotas.setCap(user, "files", 1);

    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                plinth.schema().render("DELETE FROM {schema}.users WHERE id = ?"),
                user));

    assertThat(
            Given.strings(
                plinth,
                """
                SELECT user_id::text FROM {schema}.user_usage
                UNION ALL SELECT user_id::text FROM {schema}.quota_overrides
                UNION ALL SELECT user_id::text FROM {schema}.quota_violations
                """))
        .isEmpty();
    assertThatThrownBy(() -> quotas.charge(user, "files", 1))
        .isInstanceOf(UnknownUserException.class);
  }
}

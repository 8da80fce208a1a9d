package dev.plinth.quota;

import static dev.plinth.quota.Given.ledger;
import static dev.plinth.quota.Given.units;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.test.PlinthTest;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

@PlinthTest
class BadInputTest {
  private static final long MOST = 1_000_000_000_000L;

  @Test
  void charge_unknownLimit_listsTheKnownOnes(Quotas quotas) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quotas.charge(UUID.randomUUID(), "storage", 1))
        .withMessage(
            "limit must be one of cpu_seconds, files, files_max, memory_mb, req_day, req_hour,"
                + " storage_mb");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quotas.setCap(UUID.randomUUID(), "storage", 1))
        .withMessageStartingWith("limit must be one of cpu_seconds,");
  }

  @Test
  void charge_amountThatIsNoAmount_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("files", 0))
        .withMessage("amount must be more than zero, but is 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("files", -1))
        .withMessage("amount must be more than zero, but is -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("files", Long.MAX_VALUE))
        .withMessage("amount must be at most 1000000000000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("files", MOST).and("files", 1))
        .withMessage("amount must be at most 1000000000000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("files", new BigDecimal("0.0000001")))
        .withMessage("amount must have at most 6 decimal places");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("files", new BigDecimal("1E+999999999")))
        .withMessage("amount must be at most 1000000000000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of("cpu_seconds", Duration.ZERO))
        .withMessage("amount must be longer than zero, but is PT0S");
  }

  @Test
  void charge_nullArguments_areNamed(Quotas quotas) {
    UUID user = UUID.randomUUID();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quotas.charge(null, "files", 1))
        .withMessage("userId must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quotas.charge(user, (Charge) null))
        .withMessage("charge must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Charge.of(null, 1))
        .withMessage("limit must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quotas.violations(user, null, 1_001))
        .withMessage("limit must be between 1 and 1000, but is 1001");
  }

  @Test
  void charge_theLargestAmountsAndCaps_doNotOverflow(Plinth plinth) {
    UUID user = Given.user(plinth);
    try (Quotas quotas = Quotas.builder(plinth).limit("tokens", MOST).build()) {
      assertThat(quotas.charge(user, "tokens", MOST).isCharged()).isTrue();
      assertThat(quotas.charge(user, "tokens", MOST).isCharged()).isFalse();
    }
    assertThat(ledger(plinth, user)).containsEntry("tokens", MOST * 1_000_000);
  }

  @Test
  void builder_badLimits_areRefused(Plinth plinth) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Quotas.builder(plinth).build())
        .withMessage("limit must be given at least once");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Quotas.builder(plinth).limit("a", 1).limit("a", 2))
        .withMessage("limit must be new, but the catalogue has a already");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Quotas.builder(plinth).limit("a", -1))
        .withMessage("cap must not be negative, but is -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Quotas.builder(plinth).limit("A b", 1))
        .withMessage("name must be a lower-case letter, then at most 62 of a-z, 0-9 and _");
  }

  @Test
  void window_zoneThatPostgresqlReadsOtherwise_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Window.perDay(ZoneOffset.ofHours(2)))
        .withMessage("zone must be UTC or an IANA region such as Europe/Paris");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Window.perDay(ZoneId.of("UTC+2")))
        .withMessage("zone must be UTC or an IANA region such as Europe/Paris");
  }

  @Test
  void anyWrite_unknownUser_isRefusedAndTheTransactionRemainsUsable(Plinth plinth, Quotas quotas) {
    UUID nobody = UUID.randomUUID();
    UUID user = Given.user(plinth);

    plinth.transact(
        tx -> {
          UserQuotas here = quotas.in(tx);
          assertThatThrownBy(() -> here.charge(nobody, "files", 1))
              .isInstanceOfSatisfying(
                  UnknownUserException.class, e -> assertThat(e.userId()).isEqualTo(nobody))
              .hasMessageContaining("create the user with plinth.users() first");
          assertThatThrownBy(() -> here.setCap(nobody, "files", 1))
              .isInstanceOf(UnknownUserException.class);
          assertThatThrownBy(() -> here.usage(nobody)).isInstanceOf(UnknownUserException.class);
          assertThat(here.clearCap(nobody, "files")).isFalse();
          assertThat(here.charge(user, "files", 1).isCharged()).isTrue();
        });

    assertThat(ledger(plinth, user)).containsEntry("files", 1_000_000L);
  }

  @Test
  void charge_userOfAnotherTenant_isUnknown(Plinth plinth, Quotas quotas, DataSource dataSource)
      throws SQLException {
    UUID user = Given.user(plinth, "acme");
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      assertThat(quotas.in(plinth.join(connection, "acme")).charge(user, "files", 1).isCharged())
          .isTrue();
      assertThatThrownBy(() -> quotas.in(plinth.join(connection, "other")).charge(user, "files", 1))
          .isInstanceOf(UnknownUserException.class);
      assertThatThrownBy(() -> quotas.in(plinth.join(connection)).charge(user, "files", 1))
          .isInstanceOf(UnknownUserException.class);
      connection.commit();
    }
    assertThat(ledger(plinth, user)).containsEntry("files", 1_000_000L);
    assertThat(Given.strings(plinth, "SELECT tenant_id FROM {schema}.user_usage"))
        .containsExactly("acme");
  }

  @Test
  void charge_readOnlyConnection_isRefusedBeforePostgresqlWouldAbort(
      Plinth plinth, Quotas quotas, DataSource dataSource) throws SQLException {
    UUID user = Given.user(plinth);
    try (Connection connection = dataSource.getConnection()) {
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      UserQuotas here = quotas.in(plinth.join(connection));
      assertThatThrownBy(() -> here.charge(user, "files", 1))
          .isInstanceOf(ReadOnlyTransactionException.class)
          .hasMessageContaining("setReadOnly(false)");
      assertThat(here.usage(user)).hasSize(7);
      connection.rollback();
    }
  }

  @Test
  void limit_withACapOfFractions_keepsThem(Plinth plinth) {
    UUID user = Given.user(plinth);
    Limit limit = new Limit("money", units("12.5000"), "EUR", Window.gauge());
    try (Quotas quotas = Quotas.builder(plinth).limit(limit).build()) {
      assertThat(quotas.limits()).containsExactly(limit);
      assertThat(quotas.charge(user, Charge.of("money", units("12.5"))).isCharged()).isTrue();
    }
    assertThat(limit.cap()).isEqualTo(units("12.5"));
  }
}

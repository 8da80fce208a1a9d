package dev.plinth.quota;

import static dev.plinth.quota.Given.ledger;
import static dev.plinth.quota.Given.units;
import static dev.plinth.quota.Given.usage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.quota.Decision.Charged;
import dev.plinth.quota.Decision.Denied;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class ChargeTest {
  private Plinth plinth;
  private Quotas quotas;
  private UUID user;

  @BeforeEach
  void setUp(Plinth plinth, Quotas quotas) {
    this.plinth = plinth;
    this.quotas = quotas;
    this.user = Given.user(plinth);
  }

  @Test
  void charge_withinTheCap_isChargedAndTellsWhatIsUsed() {
    quotas.charge(user, "storage_mb", 12);

    Decision decision = quotas.charge(user, "storage_mb", 30);

    assertThat(decision).isInstanceOf(Charged.class);
    assertThat(((Charged) decision).usage())
        .containsExactly(new Usage("storage_mb", units(42), units(0), units(5_000), null));
    assertThat(ledger(plinth, user)).isEqualTo(Map.of("storage_mb", 42_000_000L));
  }

  @Test
  void charge_exactlyToTheCap_isCharged_andOneMillionthMoreIsDenied() {
    assertThat(quotas.charge(user, "storage_mb", 5_000).isCharged()).isTrue();

    Decision more = quotas.charge(user, Charge.of("storage_mb", units("0.000001")));

    assertThat(more.isCharged()).isFalse();
    assertThat(ledger(plinth, user)).isEqualTo(Map.of("storage_mb", 5_000_000_000L));
  }

  @Test
  void charge_severalLimitsOfWhichOneIsExceeded_chargesNone() {
    quotas.charge(user, Charge.of("files", 1).and("storage_mb", 4_990));

    Decision decision =
        quotas.charge(
            user,
            Charge.of("files", 1).and("storage_mb", 12).and("cpu_seconds", Duration.ofMillis(20)));

    Denied denied = (Denied) decision;
    assertThat(denied.limit()).isEqualTo("storage_mb");
    assertThat(denied.used()).isEqualTo(units(4_990));
    assertThat(denied.cap()).isEqualTo(units(5_000));
    assertThat(denied.requested()).isEqualTo(units(12));
    assertThat(denied.retryAfter()).isEmpty();
    assertThat(denied.explain().lines())
        .hasSize(3)
        .anyMatch(line -> line.startsWith("cpu_seconds: 0 of 36000 s used, 0.02 asked for, passes"))
        .contains(
            "storage_mb: 4990 of 5000 MB used, 12 asked for, 2 too much; some must be released first");
    assertThat(ledger(plinth, user))
        .isEqualTo(Map.of("cpu_seconds", 0L, "files", 1_000_000L, "storage_mb", 4_990_000_000L));
  }

  @Test
  void charge_counterExceeded_tellsWhenTheWindowEnds(SettableClock clock) {
    clock.set(Instant.parse("2030-05-05T10:40:00Z"));
    quotas.charge(user, "req_hour", 1_000);

    Denied denied = (Denied) quotas.charge(user, "req_hour", 1);

    assertThat(denied.retryAfter().orElseThrow())
        .isBetween(Duration.ofMinutes(19), Duration.ofMinutes(20));
    assertThat(denied.checks().get(0).usage().resetsAt())
        .isEqualTo(Instant.parse("2030-05-05T11:00:00Z"));
  }

  @Test
  void charge_moreThanTheCap_neverPassesByWaiting() {
    Denied denied = (Denied) quotas.charge(user, "req_hour", 1_001);

    assertThat(denied.retryAfter()).isEmpty();
    assertThat(denied.explain()).contains("more than the cap allows at all");
  }

  @Test
  void charge_fractionsOfAUnit_addUpExactly() {
    for (int i = 0; i < 10; i++) {
      quotas.charge(
          user,
          Charge.of("storage_mb", BigDecimal.valueOf(1, 6))
              .and("cpu_seconds", Duration.ofNanos(333_333_333)));
    }

    assertThat(usage(quotas, user, "storage_mb").used()).isEqualTo(units("0.00001"));
    assertThat(usage(quotas, user, "cpu_seconds").used()).isEqualTo(units("3.33334"));
  }

  @Test
  void chargeOrThrow_exceeded_throwsWithTheDenial_andTheViolationIsDurable() {
    assertThatThrownBy(() -> quotas.chargeOrThrow(user, "files", 10_001))
        .isInstanceOfSatisfying(
            QuotaExceededException.class, e -> assertThat(e.denied().limit()).isEqualTo("files"))
        .hasMessageContaining("files: 0 of 10000 files used, 10001 asked for, 1 too much");

    assertThat(quotas.violations(user, null, 10)).hasSize(1);
  }

  @Test
  void release_partOfWhatIsUsed_makesRoomAgain() {
    quotas.charge(user, Charge.of("storage_mb", 5_000).and("files_max", 2));

    assertThat(quotas.release(user, Charge.of("storage_mb", 1_000).and("files_max", 1)))
        .containsExactly(
            new Released("files_max", units(1), units(1)),
            new Released("storage_mb", units(1_000), units(4_000)));

    assertThat(quotas.charge(user, "storage_mb", 1_000).isCharged()).isTrue();
  }

  @Test
  void release_moreThanIsUsed_stopsAtZeroAndTellsWhatWasGivenBack() {
    quotas.charge(user, "storage_mb", 3);

    assertThat(quotas.release(user, "storage_mb", 10))
        .containsExactly(new Released("storage_mb", units(3), units(0)));
    assertThat(quotas.release(user, "files_max", 1))
        .containsExactly(new Released("files_max", units(0), units(0)));
  }

  @Test
  void release_counter_isRefused() {
    assertThatThrownBy(() -> quotas.release(user, "req_hour", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "limit must be a gauge to be released, but req_hour counts per hour (UTC) and begins"
                + " anew by itself");
  }

  @Test
  void usage_ofAUserNeverCharged_showsTheWholeCatalogueUnused() {
    assertThat(quotas.usage(user))
        .extracting(Usage::limit)
        .containsExactly(
            "cpu_seconds", "files", "files_max", "memory_mb", "req_day", "req_hour", "storage_mb");
    assertThat(quotas.usage(user)).allMatch(usage -> usage.used().signum() == 0);
    assertThat(usage(quotas, user, "files_max").resetsAt()).isNull();
    assertThat(usage(quotas, user, "req_hour").resetsAt()).isAfter(Instant.now());
  }

  @Test
  void userQuotas_view_showsTheOldColumnNamesWithUsageBeside() {
    quotas.charge(user, Charge.of("storage_mb", units("1.5")).and("req_hour", 2));
    quotas.setCap(user, "files", 7);

    assertThat(
            Given.strings(
                plinth,
                """
                SELECT concat_ws(' ', quota_storage_mb, used_storage_mb, quota_req_hour,
                  used_req_hour, quota_files, used_files, quota_files_max IS NULL)
                FROM {schema}.user_quotas WHERE user_id = ?
                """,
                user))
        .containsExactly("5000 1.5 1000 2 7 0 t");
  }
}

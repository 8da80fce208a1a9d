package dev.plinth.quota;

import static dev.plinth.quota.Given.units;
import static dev.plinth.quota.Given.usage;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.test.PlinthTest;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@PlinthTest(schema = "my \"Schema\"")
class CapTest {
  private static final String VERSIONS =
      "SELECT concat_ws(' ', version, cap) FROM {schema}.quota_overrides ORDER BY version";

  @Test
  void setCap_beforeAnyCharge_holdsForThatUserAlone(Plinth plinth, Quotas quotas) {
    UUID small = Given.user(plinth);
    UUID other = Given.user(plinth);
    quotas.setCap(small, "files", 2);

    assertThat(quotas.charge(small, "files", 2).isCharged()).isTrue();
    assertThat(quotas.charge(small, "files", 1).isCharged()).isFalse();
    assertThat(quotas.charge(other, "files", 3).isCharged()).isTrue();
    assertThat(usage(quotas, small, "files").cap()).isEqualTo(units(2));
    assertThat(usage(quotas, other, "files").cap()).isEqualTo(units(10_000));
  }

  @Test
  void setCap_belowWhatIsUsed_deniesUntilReleased(Plinth plinth, Quotas quotas) {
    UUID user = Given.user(plinth);
    quotas.charge(user, "storage_mb", 100);

    quotas.setCap(user, "storage_mb", units("10.5"));

    assertThat(quotas.charge(user, "storage_mb", 1).isCharged()).isFalse();
    assertThat(usage(quotas, user, "storage_mb").remaining()).isEqualTo(units(0));
    quotas.release(user, "storage_mb", 95);
    assertThat(quotas.charge(user, "storage_mb", 1).isCharged()).isTrue();
  }

  @Test
  void setCap_zero_forbids(Plinth plinth, Quotas quotas) {
    UUID user = Given.user(plinth);
    quotas.setCap(user, "req_hour", 0);

    assertThat(quotas.charge(user, "req_hour", 1).isCharged()).isFalse();
  }

  @Test
  void clearCap_returnsToTheCatalogue_andEveryVersionIsKept(Plinth plinth, Quotas quotas) {
    UUID user = Given.user(plinth);
    quotas.setCap(user, "files", 2);
    quotas.setCap(user, "files", 3);

    assertThat(quotas.clearCap(user, "files")).isTrue();
    assertThat(quotas.clearCap(user, "files")).isFalse();

    assertThat(usage(quotas, user, "files").cap()).isEqualTo(units(10_000));
    assertThat(Given.strings(plinth, VERSIONS)).containsExactly("1 2000000", "2 3000000", "3");
  }

  @Test
  void setCap_byManyAtOnce_makesOneVersionEach(Plinth plinth, Quotas quotas) {
    UUID user = Given.user(plinth);

    IntStream.rangeClosed(1, 8).parallel().forEach(cap -> quotas.setCap(user, "files", cap));

    assertThat(Given.strings(plinth, VERSIONS)).hasSize(8);
    assertThat(
            Given.strings(
                plinth,
                """
                SELECT 'the cap in force is not the last version'
                FROM {schema}.user_usage u
                JOIN {schema}.quota_overrides o USING (user_id, limit_name)
                WHERE o.version = u.cap_version AND o.cap <> u.cap OR u.cap_version <> 8
                """))
        .isEmpty();
  }
}

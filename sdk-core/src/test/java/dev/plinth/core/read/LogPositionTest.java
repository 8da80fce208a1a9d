package dev.plinth.core.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.plinth.core.tx.TxOptions.Isolation;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class LogPositionTest {
  @Property(tries = 500)
  void parse_whatToStringGave_isEqualAndTravelsAsItIs(
      @ForAll long system,
      @ForAll @LongRange(min = 1, max = 0xFFFFFFFFL) long timeline,
      @ForAll long at) {
    String lsn = "%X/%X".formatted(at >>> 32, at & 0xFFFFFFFFL);
    LogPosition position = LogPosition.of(Long.toUnsignedString(system), timeline, lsn);
    String token = position.toString();
    assertThat(LogPosition.parse(token)).isEqualTo(position).hasSameHashCodeAs(position);
    assertThat(position.lsn()).isEqualTo(lsn);
    assertThat(token).hasSizeLessThanOrEqualTo(60);
    assertThat(URLEncoder.encode(token, StandardCharsets.UTF_8)).isEqualTo(token);
  }

  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(
      strings = {
        " ",
        "w1",
        "w1.1.1.1",
        "w2.1.00000001.0000000000000001",
        "w1.1.00000001.000000000000000g",
        "w1.01.00000001.0000000000000001",
        "w1.1.00000001.0000000000000001 ",
        "w1.-1.00000001.0000000000000001",
        "w1.1.00000001.0000000000000001\u0000",
        "w1.99999999999999999999999999999999999999999999999999999999999999.00000001.00"
      })
  void parse_anythingElse_isRefusedWithoutRepeatingIt(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogPosition.parse(text))
        .withMessageStartingWith("text ");
  }

  @Test
  void orLater_sameHistory_isTheLater() {
    LogPosition one = LogPosition.of("7", 1, "0/FF");
    LogPosition two = LogPosition.of("7", 1, "F0000000/0");
    assertThat(one.orLater(two)).isEqualTo(two);
    assertThat(two.orLater(one)).isEqualTo(two);
    LogPosition elsewhere = LogPosition.of("8", 1, "0/1");
    assertThat(two.orLater(elsewhere)).isEqualTo(elsewhere);
  }

  @Test
  void options_badInput_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReadOptions.defaults().withIsolation(Isolation.SERIALIZABLE))
        .withMessageStartingWith("isolation ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WhenBehind.Fail(Duration.ofSeconds(-1)))
        .withMessageStartingWith("after ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WhenBehind.FallBackToPrimary(Duration.ofDays(1)))
        .withMessageStartingWith("after ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReadOptions.defaults().withTenant(" "))
        .withMessageStartingWith("tenant ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogPosition.of("7", 0, "0/1"))
        .withMessageStartingWith("timeline ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LogPosition.of("7", 1, "0-1"))
        .withMessageStartingWith("lsn ");
  }
}

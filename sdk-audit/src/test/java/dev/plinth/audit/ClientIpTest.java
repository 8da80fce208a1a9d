package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.test.PlinthTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An address that is taken must not fail the host's transaction when it is written. */
@PlinthTest
class ClientIpTest {
  private final Plinth plinth;

  ClientIpTest(Plinth plinth) {
    this.plinth = plinth;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "192.0.2.1",
        "::",
        "1::",
        "::0001",
        "2001:DB8::a",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:1.2.3.4",
        "::1.2.3.4",
        "::ffff:10.0.0.1",
        "ABCD:EF01:2345:6789:ABCD:EF01:123.123.123.123"
      })
  void taken_isTakenByPostgresToo(String text) {
    assertThat(AuditContext.none().withClientIp(text).clientIp()).isEqualTo(text);
    assertThat(inet(text)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "::ffff:010.0.0.1",
        "::ffff:1.2.3.04",
        "::ffff:1.2.3.00",
        "::ffff:1.2.3.256",
        "00001::1",
        "::0abcd",
        "1:2:3:4:5:6:7:1.2.3.4",
        ".::1",
        "1.2.3.4::",
        ":1",
        "1:",
        "1::2::3",
        ":::",
        "1:2:3:4:5:6:7:8:9"
      })
  void refusedByPostgres_isRefusedBefore(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AuditContext.none().withClientIp(text))
        .withMessageStartingWith("clientIp must be an IPv4 or IPv6 address in digits");
    assertThatThrownBy(() -> inet(text)).isInstanceOf(DatabaseException.class);
  }

  private String inet(String text) {
    return plinth.<String, RuntimeException>transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT host(?::inet)", row -> row.getString(1), text)
                .get(0));
  }
}

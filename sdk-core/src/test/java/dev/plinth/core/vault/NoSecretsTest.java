package dev.plinth.core.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Nothing secret reaches a log, an exception or a toString. */
@PlinthTest
class NoSecretsTest {
  private static final Cell CELL = new Cell("t", "c", "1");
  private static final String PLAIN = "correct-horse-battery-staple";

  @Test
  void vault_whateverGoesWrong_keysAndPlaintextStayHidden(DataSource pool) {
    byte[] right = key(1);
    byte[] wrong = key(2);
    List<String> told = new ArrayList<>();
    PrintStream console = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, UTF_8));
    try (Plinth good = plinth(pool, KeyRing.of("a", right));
        Plinth other = plinth(pool, KeyRing.of("a", wrong));
        Plinth without = plinth(pool, KeyRing.of("b", wrong))) {
      byte[] sealed = good.vault().encrypt(CELL, PLAIN.getBytes(UTF_8));
      byte[] changed = sealed.clone();
      changed[40] ^= 1;
      told.add(failure(() -> good.vault().decrypt(CELL, changed)));
      told.add(failure(() -> good.vault().decrypt(new Cell("t", "c", "2"), sealed)));
      told.add(failure(() -> good.vault().decrypt(CELL, PLAIN.getBytes(UTF_8))));
      told.add(failure(() -> other.vault().decrypt(CELL, sealed)));
      told.add(failure(() -> other.vault().encrypt(CELL, PLAIN.getBytes(UTF_8))));
      told.add(failure(other::start));
      told.add(failure(() -> without.vault().decrypt(CELL, sealed)));
      told.add(failure(() -> KeyRing.of("a", new byte[31])));
      told.add(failure(() -> KeyRing.parse("a:" + base64(right) + ",a:" + base64(wrong), "K")));
      told.add(failure(() -> KeyRing.parse("a:" + base64(right) + "!", "K")));
      told.add(failure(() -> KeyRing.parse(base64(right), "K")));
      told.add(good.vault().toString() + good + KeyRing.of("a", right).and("b", wrong));
    } finally {
      System.setErr(console);
    }
    told.add(log.toString(UTF_8));

    for (String secret : List.of(PLAIN, base64(right), base64(wrong), hex(right), hex(wrong))) {
      assertThat(told).noneMatch(text -> text.contains(secret));
    }
  }

  @Test
  void storedValue_holdsNoPlaintext(DataSource pool, Plinth plinth) {
    try (Plinth good = plinth(pool, KeyRing.of("a", key(1)))) {
      byte[] sealed = good.vault().encrypt(CELL, PLAIN.getBytes(UTF_8));

      assertThat(hex(sealed)).doesNotContain(hex(PLAIN.getBytes(UTF_8)));
    }
    List<String> columns =
        plinth.transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    "SELECT key_id || ' ' || encode(wrapped, 'hex') FROM plinth.vault_data_keys",
                    row -> row.getString(1)));
    assertThat(columns).isNotEmpty().noneMatch(text -> text.contains(hex(key(1))));
  }

  /** The code that touches keys has no logger that could be handed one. */
  @Test
  void vaultSources_haveNoLoggerAndPrintNothing() throws IOException {
    for (String folder : List.of("vault", "internal/vault")) {
      try (Stream<Path> files = Files.list(Path.of("src/main/java/dev/plinth/core", folder))) {
        for (Path file : files.toList()) {
          assertThat(Files.readString(file))
              .as(file.toString())
              .doesNotContain("slf4j", "System.out", "System.err", "printStackTrace");
        }
      }
    }
  }

  private static Plinth plinth(DataSource pool, KeyRing ring) {
    return Plinth.builder().dataSource(pool).keys(ring).withoutNotifications().build();
  }

  private static String failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    Throwable failure = catchThrowable(call);
    assertThat(failure).isNotNull();
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static byte[] key(int seed) {
    byte[] key = new byte[32];
    new Random(seed).nextBytes(key);
    return key;
  }
}

package dev.plinth.core.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.plinth.core.Plinth;
import dev.plinth.core.credential.Credential;
import dev.plinth.core.credential.NewCredential;
import dev.plinth.core.credential.Secret;
import dev.plinth.core.identity.NewUser;
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
import java.util.Set;
import java.util.UUID;
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

  @Test
  void rotationAndCredentials_whateverHappens_leaveNoSecretInTablesLogsOrMessages(
      DataSource pool, Plinth plinth) {
    List<String> secrets =
        List.of("tok-En-4711-access", "tok-En-4711-refresh", "api-Key-0815", "pass-Word-2342");
    List<String> told = new ArrayList<>();
    PrintStream console = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, UTF_8));
    try (Plinth good = plinth(pool, KeyRing.of("a", key(1)));
        Plinth without = plinth(pool, KeyRing.of("b", key(2)))) {
      UUID user = good.users().create(NewUser.withExternalId("ada")).id();
      List<Secret> kept =
          List.of(
              new Secret.OAuth2(secrets.get(0), secrets.get(1), null, Set.of("mail")),
              new Secret.ApiKey(secrets.get(2)),
              new Secret.BasicAuth("ada", secrets.get(3)));
      for (Secret secret : kept) {
        NewCredential made = NewCredential.of(user, secret.type().name(), secret);
        Credential stored = good.credentials().create(made);
        told.add(secret + " " + made + " " + stored + good.credentials().open(stored.id()));
        told.add(failure(() -> good.credentials().create(made)));
        told.add(failure(() -> without.credentials().open(stored.id())));
        good.credentials().replace(stored, secret);
        told.add(failure(() -> good.credentials().replace(stored, secret)));
      }
      good.vault().keys().beginEpoch();
      told.add(good.vault().keys().rotate().toString());
      good.transact(
          tx ->
              Sql.execute(
                  tx.connection(),
                  "UPDATE plinth.credentials SET encrypted_data = encrypted_data || '\\x00'::bytea"));
      good.vault().keys().beginEpoch();
      told.add(good.vault().keys().rotate().toString());
      told.add(good.vault().keys().health().toString());
      told.add(without.vault().keys().health().toString());
      UUID damaged = good.vault().keys().list().get(1).id();
      told.add(failure(() -> good.vault().keys().retire(damaged)));
    } finally {
      System.setErr(console);
    }
    told.add(log.toString(UTF_8));
    told.addAll(dump(plinth));

    for (String secret : secrets) {
      String hex = hex(secret.getBytes(UTF_8));
      String base64 = base64(secret.getBytes(UTF_8)).substring(0, 12);
      assertThat(told)
          .noneMatch(text -> text.contains(secret) || text.contains(hex) || text.contains(base64));
    }
    for (byte[] key : List.of(key(1), key(2))) {
      assertThat(told).noneMatch(text -> text.contains(hex(key)) || text.contains(base64(key)));
    }
  }

  /** Every row of every table of Plinth's, as text. */
  private static List<String> dump(Plinth plinth) {
    return plinth.transactReturning(
        tx -> {
          List<String> rows = new ArrayList<>();
          for (String table :
              Sql.query(
                  tx.connection(),
                  "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'plinth'",
                  row -> row.getString(1))) {
            rows.addAll(
                Sql.query(
                    tx.connection(),
                    "SELECT t::text FROM plinth." + table + " t",
                    row -> row.getString(1)));
          }
          assertThat(rows).anyMatch(row -> row.contains("API_KEY"));
          return rows;
        });
  }

  /** The code that touches keys has no logger that could be handed one. */
  @Test
  void vaultSources_haveNoLoggerAndPrintNothing() throws IOException {
    for (String folder : List.of("vault", "internal/vault", "credential", "internal/credential")) {
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

package dev.plinth.core.secrecy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.ApiKeys;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.apikey.Rotation;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.password.LogIn;
import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.password.PasswordOptions;
import dev.plinth.core.password.Passwords;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.Sessions;
import dev.plinth.core.session.StartedSession;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/**
 * No key, token or password in any log at any level, exception, {@code toString}, event or table:
 * all flows are run in a JVM of their own that logs everything, and whatever it said and stored is
 * searched for all the secrets it used.
 */
@PlinthTest
class NoTokensTest {
  @Test
  void everyFlow_loggedAtEveryLevelAndDumped_showsNoSecret(TestDatabase database) {
    try (ForkedJvm jvm =
        ForkedJvm.start(
            Flows.class,
            List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=trace"),
            database.url())) {
      String verdict = jvm.await("verdict: ");

      assertThat(verdict).contains("searched log dump exceptions texts");
      assertThat(verdict).contains("sensitive: yes").contains("found: []");
    }
  }

  /** Runs everything, then searches itself. */
  static final class Flows {
    private final Set<String> secrets = new HashSet<>();
    private final StringBuilder texts = new StringBuilder();
    private final StringBuilder exceptions = new StringBuilder();

    private Flows() {}

    public static void main(String[] args) throws Exception {
      PrintStream console = System.err;
      ByteArrayOutputStream log = new ByteArrayOutputStream();
      System.setErr(new PrintStream(log, true, UTF_8));
      String verdict;
      try (TestDatabase database = TestDatabase.attach(args[0])) {
        verdict = new Flows().run(database, log);
      } finally {
        System.setErr(console);
      }
      ForkedJvm.report(verdict);
    }

    private String run(TestDatabase database, ByteArrayOutputStream log) throws Exception {
      DataSource pool = database.pool(4);
      try (Plinth plinth =
          database.plinth(pool).passwords(PasswordOptions.defaults().withCost(64, 1, 1)).build()) {
        plinth.start();
        plinth
            .events()
            .inTransaction(
                PlinthEvent.class, (tx, event) -> texts.append(event).append(event.fact()));
        UUID ada = plinth.users().create(NewUser.withEmail("ada@example.org")).id();
        keys(plinth.apiKeys(), ada);
        sessions(plinth.sessions(), ada);
        passwords(plinth.passwords(), ada);
        failing(plinth, ada);
        plinth.users().deactivate(ada);
        plinth.maintenance().runNow("core.sessions");
      }
      Map<String, String> searched = new TreeMap<>();
      searched.put("log", log.toString(UTF_8));
      searched.put("dump", dump(pool));
      searched.put("exceptions", exceptions.toString());
      searched.put("texts", texts.toString());
      List<String> found = new ArrayList<>();
      searched.forEach(
          (where, text) -> {
            if (secrets.stream().anyMatch(text::contains)) {
              found.add(where);
            }
          });
      boolean sensitive =
          secrets.size() >= 10
              && searched.get("dump").contains("ada@example.org")
              && searched.get("dump").contains("$argon2id$")
              && searched.get("log").contains("DEBUG")
              && exceptions.length() > 1_000
              && texts.length() > 1_000;
      return "verdict: searched log dump exceptions texts; sensitive: "
          + (sensitive ? "yes" : "no")
          + "; found: "
          + found;
    }

    private void keys(ApiKeys keys, UUID ada) {
      IssuedKey issued = keys.issue(NewApiKey.of(KeyOwner.user(ada), "k").withScopes("read"));
      uses(issued.reveal());
      tell(issued, issued.key(), keys.authenticate(issued.reveal()));
      Rotation rotation = keys.rotate(issued.key().id(), Duration.ofHours(1));
      IssuedKey fresh = ((Rotation.Rotated) rotation).issued();
      uses(fresh.reveal());
      tell(rotation, keys.rotate(issued.key().id(), Duration.ZERO), keys);
      tell(keys.authenticate(fresh.reveal()), keys.authenticate(fresh.reveal() + "x"));
      tell(keys.update(fresh.key().withName("renamed")), keys.page(KeyOwner.user(ada), null, 9));
      fails(() -> keys.update(fresh.key()));
      fails(() -> keys.issue(NewApiKey.of(KeyOwner.user(UUID.randomUUID()), "k")));
      keys.revoke(fresh.key().id());
      tell(keys.authenticate(fresh.reveal()));
    }

    private void sessions(Sessions sessions, UUID ada) {
      StartedSession started = sessions.start(NewSession.of(ada));
      uses(started.revealToken());
      tell(started, started.session(), sessions.authenticate(started.revealToken()), sessions);
      StartedSession fresh = sessions.regenerate(started.revealToken()).orElseThrow();
      uses(fresh.revealToken());
      tell(fresh, sessions.authenticate(started.revealToken()), sessions.page(ada, null, 9));
      sessions.revokeAll(ada);
      tell(sessions.authenticate(fresh.revealToken()));
    }

    private void passwords(Passwords passwords, UUID ada) {
      for (String password :
          List.of("correct horse battery", "caf\u00e9-au-lait-secret", "wrong-but-typed")) {
        uses(password);
      }
      PasswordHash hash = passwords.hash("correct horse battery");
      tell(hash, passwords, PasswordOptions.defaults());
      if (texts.indexOf(hash.reveal()) >= 0) {
        throw new AssertionError("A password's hash was told");
      }
      passwords.set(ada, hash);
      tell(passwords.logIn("ada@example.org", "correct horse battery"));
      tell(passwords.logIn("ada@example.org", "wrong-but-typed"));
      tell(passwords.verify(ada, "wrong-but-typed"));
      passwords.set(ada, "caf\u00e9-au-lait-secret");
      LogIn loggedIn = passwords.logIn("ada@example.org", "caf\u00e9-au-lait-secret");
      tell(loggedIn);
      String longOne = "a-password-that-is-too-long".repeat(100);
      uses("a-password-that-is-too-long");
      fails(() -> passwords.hash(longOne));
      fails(() -> passwords.hash("correct horse battery\0"));
      fails(() -> passwords.logIn("ada@example.org", "correct horse battery\uD800"));
      fails(() -> PasswordHash.of(hash.reveal() + "$"));
    }

    /** Statements that the server refuses: its message, and the driver's, quote what they can. */
    private void failing(Plinth plinth, UUID ada) {
      IssuedKey issued = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k"));
      StartedSession started = plinth.sessions().start(NewSession.of(ada));
      uses(issued.reveal());
      uses(started.revealToken());
      PasswordHash hash = plinth.passwords().hash("correct horse battery");
      plinth.transact(
          tx ->
              Sql.execute(
                  tx.connection(),
                  """
                  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN RAISE 'refused %', NEW USING DETAIL = NEW; END $$;
                  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON plinth.api_keys
                    FOR EACH ROW EXECUTE FUNCTION refuse();
                  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON plinth.sessions
                    FOR EACH ROW EXECUTE FUNCTION refuse();
                  ALTER TABLE plinth.users ADD CONSTRAINT never CHECK (false) NOT VALID
                  """));
      fails(() -> plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k2")));
      fails(() -> plinth.sessions().start(NewSession.of(ada)));
      fails(() -> plinth.sessions().regenerate(started.revealToken()));
      fails(
          () -> {
            plinth.passwords().set(ada, hash);
            return true;
          });
      fails(() -> plinth.passwords().logIn("ada@example.org", "caf\u00e9-au-lait-secret"));
      tell(plinth.apiKeys().authenticate(issued.reveal()));
      plinth.transact(
          tx ->
              Sql.execute(
                  tx.connection(),
                  "DROP FUNCTION refuse() CASCADE;"
                      + " ALTER TABLE plinth.users DROP CONSTRAINT never;"
                      + " ALTER TABLE plinth.api_keys RENAME TO elsewhere"));
      fails(() -> plinth.apiKeys().authenticate(issued.reveal()));
      plinth.transact(
          tx -> Sql.execute(tx.connection(), "ALTER TABLE plinth.elsewhere RENAME TO api_keys"));
    }

    private void uses(String secret) {
      secrets.add(secret);
    }

    private void tell(Object... values) {
      for (Object value : values) {
        texts.append(value).append('\n');
      }
    }

    private void fails(Callable<?> call) {
      try {
        call.call();
      } catch (Exception e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        exceptions.append(trace);
        return;
      }
      throw new AssertionError("A call that should fail did not");
    }

    private static String dump(DataSource pool) throws Exception {
      StringBuilder dump = new StringBuilder();
      try (Connection connection = pool.getConnection()) {
        for (String table :
            Sql.query(
                connection,
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                    + " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
                row -> row.getString(1))) {
          StringWriter rows = new StringWriter();
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyOut("COPY (SELECT * FROM " + table + ") TO STDOUT", rows);
          dump.append(table).append('\n').append(rows);
        }
      }
      return dump.toString();
    }
  }
}

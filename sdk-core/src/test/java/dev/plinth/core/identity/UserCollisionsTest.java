package dev.plinth.core.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many want one name at once: through Plinth in transactions of its own and of the host, by new
 * users and by changed ones, and by the host's plain SQL.
 */
@PlinthTest
class UserCollisionsTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int ROUNDS = LARGE ? 200 : 5;
  private static final String NO_TENANT = "";

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Plinth plinth;
  private final DataSource pool;

  UserCollisionsTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.pool = pool;
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** What is unique of a user, and how it is given. */
  enum Name {
    EMAIL("email", "email", "lower(email)"),
    EXTERNAL_ID("externalId", "external_id", "external_id"),
    USERNAME("username", "username", "username");

    private final String field;
    private final String column;
    private final String compared;

    Name(String field, String column, String compared) {
      this.field = field;
      this.column = column;
      this.compared = compared;
    }

    /** The same address to the database, though not letter for letter. */
    String spelled(String value, int contender) {
      return this == EMAIL && contender % 2 == 1 ? value.toUpperCase(Locale.ROOT) : value;
    }

    String value(int round) {
      return this == EMAIL ? "wanted" + round + "@example.org" : "wanted" + round;
    }

    NewUser user(String value) {
      return switch (this) {
        case EMAIL -> NewUser.withEmail(value);
        case EXTERNAL_ID -> NewUser.withExternalId(value);
        case USERNAME -> NewUser.withExternalId(UUID.randomUUID().toString()).username(value);
      };
    }
  }

  /** How it went for one who wanted the name. */
  private sealed interface Outcome {
    record Won() implements Outcome {}

    record Told(String field) implements Outcome {}

    record Refused(String sqlState) implements Outcome {}
  }

  @ParameterizedTest
  @EnumSource
  void sameNameInOneTenantAtOnce_oneWinsAndTheOthersAreTold(Name name) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String value = name.value(round);
      String tenant = round % 2 == 0 ? "acme" : NO_TENANT;

      List<Outcome> outcomes = race(name, value, List.of(tenant));

      assertOneWon(name, outcomes);
      assertThat(count(name, value)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void sameNameInTwoTenantsAtOnce_oneWinsInEachButUsernamesAreEverybodys(Name name)
      throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String value = name.value(round);

      List<Outcome> outcomes = race(name, value, List.of("acme", "umbrella", NO_TENANT));

      if (name == Name.USERNAME) {
        assertOneWon(name, outcomes);
        assertThat(count(name, value)).isEqualTo(1);
      } else {
        int each = outcomes.size() / 3;
        assertOneWon(name, outcomes.subList(0, each));
        assertOneWon(name, outcomes.subList(each, 2 * each));
        assertOneWon(name, outcomes.subList(2 * each, outcomes.size()));
        assertThat(count(name, value)).isEqualTo(3);
      }
    }
  }

  private static void assertOneWon(Name name, List<Outcome> outcomes) {
    assertThat(outcomes).filteredOn(Outcome.Won.class::isInstance).hasSize(1);
    assertThat(outcomes)
        .filteredOn(outcome -> !(outcome instanceof Outcome.Won))
        .allSatisfy(
            outcome ->
                assertThat(outcome)
                    .isIn(new Outcome.Told(name.field), new Outcome.Refused("23505")));
  }

  /** Contenders of each tenant, all at once; outcomes in the order of the tenants. */
  private List<Outcome> race(Name name, String value, List<String> tenants) throws Exception {
    List<Callable<Outcome>> contenders = new ArrayList<>();
    for (String tenant : tenants) {
      contenders.add(() -> inOwnTransaction(name, name.spelled(value, 0), tenant));
      contenders.add(() -> inTheHosts(tenant, create(name, name.spelled(value, 1))));
      contenders.add(() -> bySql(name, name.spelled(value, 2), tenant));
      contenders.add(() -> bySql(name, name.spelled(value, 3), tenant));
      if (name != Name.EXTERNAL_ID) { // which never changes
        User other = made(tenant);
        contenders.add(() -> inTheHosts(tenant, change(name, other, name.spelled(value, 4))));
      } else {
        contenders.add(() -> inTheHosts(tenant, create(name, value)));
      }
    }
    CyclicBarrier start = new CyclicBarrier(contenders.size());
    List<Future<Outcome>> running = new ArrayList<>();
    for (Callable<Outcome> contender : contenders) {
      running.add(
          threads.submit(
              () -> {
                start.await();
                return contender.call();
              }));
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (Future<Outcome> each : running) {
      outcomes.add(each.get(1, TimeUnit.MINUTES));
    }
    return outcomes;
  }

  private interface Attempt {
    void run(Users users);
  }

  private static Attempt create(Name name, String value) {
    return users -> users.create(name.user(value));
  }

  private static Attempt change(Name name, User user, String value) {
    return users ->
        users.update(name == Name.EMAIL ? user.withEmail(value) : user.withUsername(value));
  }

  private Outcome inOwnTransaction(Name name, String value, String tenant) {
    try {
      plinth.transact(options(tenant), tx -> plinth.users().in(tx).create(name.user(value)));
      return new Outcome.Won();
    } catch (DuplicateUserException e) {
      return new Outcome.Told(e.field());
    }
  }

  /** Whoever loses goes on in the same transaction, and commits. */
  private Outcome inTheHosts(String tenant, Attempt attempt) throws SQLException {
    String consolation = UUID.randomUUID().toString();
    Outcome outcome;
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Tx tx = tenant.equals(NO_TENANT) ? plinth.join(host) : plinth.join(host, tenant);
      Users users = plinth.users().in(tx);
      try {
        attempt.run(users);
        outcome = new Outcome.Won();
      } catch (DuplicateUserException e) {
        outcome = new Outcome.Told(e.field());
      }
      users.create(NewUser.withExternalId(consolation));
      host.commit();
    }
    assertThat(count(Name.EXTERNAL_ID, consolation)).isEqualTo(1);
    return outcome;
  }

  private Outcome bySql(Name name, String value, String tenant) throws SQLException {
    String sql = "INSERT INTO plinth.users (id, tenant_id, " + name.column + ") VALUES (?, ?, ?)";
    try (Connection host = pool.getConnection();
        PreparedStatement insert = host.prepareStatement(sql)) {
      insert.setObject(1, UUID.randomUUID());
      insert.setString(2, tenant.equals(NO_TENANT) ? null : tenant);
      insert.setString(3, value);
      insert.executeUpdate();
      return new Outcome.Won();
    } catch (SQLException e) {
      return new Outcome.Refused(e.getSQLState());
    }
  }

  private User made(String tenant) {
    return plinth.transactReturning(
        options(tenant),
        tx -> plinth.users().in(tx).create(NewUser.withExternalId(UUID.randomUUID().toString())));
  }

  private static TxOptions options(String tenant) {
    TxOptions options = TxOptions.defaults();
    return tenant.equals(NO_TENANT) ? options : options.withTenant(tenant);
  }

  private long count(Name name, String value) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM plinth.users WHERE " + name.compared + " = ?",
                    row -> row.getLong(1),
                    value)
                .get(0));
  }
}

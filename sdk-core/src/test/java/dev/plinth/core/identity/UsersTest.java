package dev.plinth.core.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.access.UnknownRoleException;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.NoTransactionException;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.core.tx.TransactionAbortedException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@PlinthTest
class UsersTest {
  private static final NewUser ADA =
      NewUser.withExternalId("ext-1").email("Ada@Example.org").username("ada");

  private final Plinth plinth;
  private final Users users;
  private final DataSource pool;

  UsersTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.users = plinth.users();
    this.pool = pool;
  }

  @BeforeEach
  void noUsers() {
    plinth.transact(tx -> Sql.execute(tx.connection(), "DELETE FROM plinth.users"));
  }

  @BeforeEach
  void roles() {
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.roles (name) VALUES ('admin'), (?)",
                "r".repeat(50)));
  }

  @Test
  void create_unknownRole_isRefusedAndLeavesTheHostsTransactionUsable() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));

      assertUnknownRole(() -> joined.create(ADA.role("pilot")));
      assertUnknownRole(() -> joined.findOrCreate(ADA.role("pilot")));
      User ada = joined.create(ADA);
      assertThat(joined.findOrCreate(ADA.role("pilot"))).isEqualTo(ada);
      assertUnknownRole(() -> joined.update(ada.withRole("pilot")));
      assertUnknownRole(() -> joined.update(ada.withRole("pilot").withUsername("countess")));
      assertThat(joined.update(ada.withRole("admin")).role()).isEqualTo("admin");
      host.commit();
    }

    assertThat(users.findByExternalId("ext-1")).map(User::role).contains("admin");
  }

  private static void assertUnknownRole(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(UnknownRoleException.class)
        .hasMessageContaining("plinth.roles().define(\"pilot\")")
        .extracting("role")
        .isEqualTo("pilot");
  }

  @Test
  void create_everyField_comesBackFromEveryFinder() {
    User user =
        users.create(
            ADA.fullName("Ada Lovelace")
                .picture("https://example.org/ada.png")
                .role("admin")
                .authProvider("keycloak")
                .settings(Json.object(Map.of("theme", "dark")))
                .metadata(Json.object(Map.of("plan", 3))));

    assertThat(user.id().version()).isEqualTo(7);
    assertThat(user.tenantId()).isNull();
    assertThat(user.email()).isEqualTo("Ada@Example.org");
    assertThat(user.fullName()).isEqualTo("Ada Lovelace");
    assertThat(user.picture()).isEqualTo("https://example.org/ada.png");
    assertThat(user.role()).isEqualTo("admin");
    assertThat(user.authProvider()).isEqualTo("keycloak");
    assertThat(user.isActive()).isTrue();
    assertThat(user.isVerified()).isFalse();
    assertThat(user.lastLoginAt()).isNull();
    assertThat(user.settings()).isEqualTo(Json.of("{\"theme\": \"dark\"}"));
    assertThat(user.metadata()).isEqualTo(Json.of("{\"plan\": 3}"));
    assertThat(user.createdAt()).isEqualTo(user.updatedAt());
    assertThat(user.version()).isEqualTo(1);
    assertThat(users.find(user.id())).contains(user);
    assertThat(users.findByExternalId("ext-1")).contains(user);
    assertThat(users.findByEmail("aDA@example.ORG")).contains(user);
    assertThat(users.findByUsername("ada")).contains(user);
    assertThat(users.findByUsername("Ada")).isEmpty();
  }

  @Test
  void create_fieldTaken_namesItAndLeavesTheHostsTransactionUsable() throws Exception {
    users.create(ADA);
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));

      assertDuplicate("externalId", () -> joined.create(NewUser.withExternalId("ext-1")));
      assertDuplicate("email", () -> joined.create(NewUser.withEmail("ada@EXAMPLE.org")));
      assertDuplicate("username", () -> joined.create(named("ada")));
      joined.create(NewUser.withExternalId("ext-2"));
      host.commit();
    }

    assertThat(users.findByExternalId("ext-2")).isPresent();
  }

  @Test
  void create_hostRollsBack_leavesNothing() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));
      User user = joined.create(ADA);
      assertThat(joined.find(user.id())).contains(user);
      host.rollback();
    }

    assertThat(users.findByExternalId("ext-1")).isEmpty();
  }

  @Test
  void findOrCreate_again_givesTheSameUserUnchanged() {
    User first = users.findOrCreate(ADA);

    assertThat(users.findOrCreate(NewUser.withExternalId("ext-1").fullName("Other")))
        .isEqualTo(first);
    assertThat(users.findOrCreate(NewUser.withEmail("ADA@example.org"))).isEqualTo(first);
    assertThat(users.findOrCreate(named("ada"))).isEqualTo(first);
    assertDuplicate(
        "email", () -> users.findOrCreate(NewUser.withExternalId("x").email("ada@example.org")));
  }

  @Test
  void update_changedFields_areWrittenAndTheVersionGrows() {
    User user = users.create(ADA);
    Instant login = Instant.parse("2026-11-20T10:00:00.123456Z");

    User changed =
        users.update(
            user.withEmail("lovelace@example.org")
                .withUsername("lovelace")
                .withFullName("Ada King")
                .withPicture("p")
                .withRole("admin")
                .withAuthProvider("google")
                .withVerified(true)
                .withLastLoginAt(login)
                .withSettings(Json.of("{\"a\": 1}"))
                .withMetadata(Json.of("{\"b\": 2}")));

    assertThat(changed.version()).isEqualTo(2);
    assertThat(changed.updatedAt()).isAfter(user.updatedAt());
    assertThat(changed.createdAt()).isEqualTo(user.createdAt());
    assertThat(changed.lastLoginAt()).isEqualTo(login);
    assertThat(changed.isVerified()).isTrue();
    assertThat(changed.externalId()).isEqualTo("ext-1");
    assertThat(users.findByUsername("lovelace")).contains(changed);
    assertThat(users.findByEmail("ada@example.org")).isEmpty();
  }

  @Test
  void update_onlyTheCaseOfTheAddress_isNoCollisionWithItself() {
    User user = users.create(ADA);

    assertThat(users.update(user.withEmail("ADA@EXAMPLE.ORG")).email())
        .isEqualTo("ADA@EXAMPLE.ORG");
  }

  @Test
  void update_staleOrGone_isRefused() {
    User user = users.create(ADA);
    users.update(user.withFullName("first"));

    assertThatThrownBy(() -> users.update(user.withFullName("second")))
        .isInstanceOfSatisfying(
            StaleUserException.class, e -> assertThat(e.userId()).isEqualTo(user.id()))
        .hasMessageContaining("is no longer at version 1: read it again");
    assertThatThrownBy(() -> users.update(user.withEmail("new@example.org")))
        .isInstanceOf(StaleUserException.class);
    noUsers();
    assertThatThrownBy(() -> users.update(user)).isInstanceOf(StaleUserException.class);
  }

  @Test
  void update_fieldTaken_namesItAndLeavesTheHostsTransactionUsable() throws Exception {
    users.create(ADA);
    User bob = users.create(NewUser.withEmail("bob@example.org").username("bob"));
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));

      assertDuplicate("email", () -> joined.update(bob.withEmail("ADA@example.org")));
      assertDuplicate("username", () -> joined.update(bob.withUsername("ada")));
      joined.update(bob.withFullName("Bob"));
      host.commit();
    }

    assertThat(users.find(bob.id()).orElseThrow().fullName()).isEqualTo("Bob");
  }

  @Test
  void update_lastNameRemoved_isRefusedBeforeTheCheckConstraint() {
    User user = users.create(NewUser.withEmail("bob@example.org"));

    assertThatThrownBy(() -> users.update(user.withEmail(null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("externalId, email or username must be given");
    User other =
        new User(
            user.id(),
            null,
            "made-up",
            null,
            null,
            null,
            null,
            "user",
            "local",
            true,
            false,
            null,
            Json.emptyObject(),
            Json.emptyObject(),
            user.createdAt(),
            user.updatedAt(),
            1,
            null,
            null,
            null);
    assertThatThrownBy(() -> users.update(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("email or username must be given for a user without externalId");
  }

  @Test
  void update_timeThatPostgresqlCannotStore_isRefused() {
    User user = users.create(ADA);

    assertThatThrownBy(() -> users.update(user.withLastLoginAt(Instant.MAX)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("lastLoginAt must lie between the years 1 and 9999");
  }

  @Test
  void deactivate_active_changesItOnceAndAnnouncesItInTheTransaction() {
    User user = users.create(ADA);
    List<UserDeactivated> heard = new ArrayList<>();
    try (var subscription =
        plinth
            .events()
            .inTransaction(
                UserDeactivated.class,
                (tx, event) -> {
                  heard.add(event);
                  Sql.execute(tx.connection(), "UPDATE plinth.users SET full_name = 'heard'");
                })) {
      assertThat(users.deactivate(user.id())).isTrue();
      assertThat(users.deactivate(user.id())).isFalse();
      assertThat(users.deactivate(UUID.randomUUID())).isFalse();
    }

    assertThat(heard).containsExactly(new UserDeactivated(user.id()));
    User stored = users.find(user.id()).orElseThrow();
    assertThat(stored.isActive()).isFalse();
    assertThat(stored.fullName()).isEqualTo("heard");
    assertThat(stored.version()).isEqualTo(2);
  }

  @Test
  void deactivate_subscriberFails_nothingIsChanged() {
    User user = users.create(ADA);
    try (var subscription =
        plinth
            .events()
            .inTransaction(
                UserDeactivated.class,
                (tx, event) -> {
                  throw new IllegalStateException("refused");
                })) {
      assertThatThrownBy(() -> users.deactivate(user.id())).hasMessage("refused");
    }

    assertThat(users.find(user.id()).orElseThrow().isActive()).isTrue();
  }

  @Test
  void page_byKeyset_visitsEveryUserOnceInOrder() {
    List<UUID> created = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      created.add(users.create(NewUser.withExternalId("p" + i)).id());
    }

    List<UUID> visited = new ArrayList<>();
    UUID after = null;
    while (true) {
      List<User> page = users.page(after, 3);
      if (page.isEmpty()) {
        break;
      }
      page.forEach(user -> visited.add(user.id()));
      after = visited.get(visited.size() - 1);
    }

    assertThat(visited).isEqualTo(created);
    assertThatThrownBy(() -> users.page(null, 0))
        .hasMessage("limit must be between 1 and 1000, but is 0");
    assertThatThrownBy(() -> users.page(null, 1001)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tenants_seeAndWriteOnlyTheirOwn() {
    User none = users.create(NewUser.withExternalId("e").email("e@example.org"));
    User a = inTenant("a", t -> t.create(NewUser.withExternalId("e").email("E@example.org")));
    User b = inTenant("b", t -> t.create(NewUser.withExternalId("e").email("e@example.org")));

    assertThat(a.tenantId()).isEqualTo("a");
    assertThat(List.of(none.id(), a.id(), b.id())).doesNotHaveDuplicates();
    assertThat(users.findByExternalId("e")).contains(none);
    assertThat(this.<Optional<User>>inTenant("a", t -> t.findByEmail("e@example.org"))).contains(a);
    assertThat(this.<Optional<User>>inTenant("a", t -> t.find(b.id()))).isEmpty();
    assertThat(this.<List<User>>inTenant("b", t -> t.page(null, 10))).containsExactly(b);
    assertThat(this.<Boolean>inTenant("b", t -> t.deactivate(a.id()))).isFalse();
    assertThatThrownBy(() -> inTenant("b", t -> t.update(a.withFullName("theirs"))))
        .isInstanceOf(StaleUserException.class);
    assertThat(this.<Optional<User>>inTenant("a", t -> t.find(a.id()))).contains(a);
  }

  @Test
  void names_areUniqueAcrossTenants() {
    inTenant("a", t -> t.create(named("ada")));

    assertDuplicate("username", () -> inTenant("b", t -> t.create(named("ada"))));
    assertDuplicate("username", () -> inTenant("b", t -> t.findOrCreate(named("ada"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "ada",
        "@example.org",
        "ada@",
        "ada@example",
        "ada@@example.org",
        "ada@exa mple.org",
        "ada@example.org\n",
        "ada@example.org\u0000",
        "ädä@example.org",
        "ada@example.o",
        "ada\uD800@example.org"
      })
  void email_malformed_isRefusedBeforeAnySql(String email) {
    assertThatThrownBy(() -> NewUser.withEmail(email))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("email must ");
    User user = users.create(ADA);
    assertThatThrownBy(() -> users.update(user.withEmail(email)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("email must ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "1", "null", "\"x\""})
  void settings_noObject_areRefused(String json) {
    assertThatThrownBy(() -> ADA.settings(Json.of(json)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("settings must be a JSON object, such as {\"key\": \"value\"}");
  }

  @Test
  void newUser_withoutAnyName_isRefused() {
    assertThatThrownBy(() -> NewUser.withEmail("a@example.org").email(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("externalId, email or username must be given");
  }

  @Test
  void values_atTheirLimits_passTheCheckConstraints() {
    String longest = "x".repeat(242) + "@example.org";
    User user =
        users.create(
            NewUser.withExternalId("ü".repeat(255))
                .email("a.b_c%d+e'f-g@" + "s".repeat(60) + ".example.org")
                .username("ß漢字._@+-" + "n".repeat(92))
                .fullName("𝒜".repeat(127))
                .picture("p".repeat(2048))
                .role("r".repeat(50))
                .authProvider("a".repeat(50)));

    assertThat(users.find(user.id())).contains(user);
    assertThat(users.create(NewUser.withEmail(longest.substring(0, 254))).email()).hasSize(254);
  }

  @Test
  void readOnlyTransaction_writesAreRefused_readsAndTheTransactionGoOn() throws Exception {
    User user = users.create(ADA);
    try (Connection host = pool.getConnection()) {
      host.setReadOnly(true);
      host.setAutoCommit(false);
      Users joined = users.in(plinth.join(host));

      assertThatThrownBy(() -> joined.create(NewUser.withExternalId("x")))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThatThrownBy(() -> joined.update(user))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThatThrownBy(() -> joined.deactivate(user.id()))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThatThrownBy(() -> joined.findOrCreate(NewUser.withExternalId("x")))
          .isInstanceOf(ReadOnlyTransactionException.class);
      assertThat(joined.findOrCreate(ADA)).isEqualTo(user);
      host.rollback();
    }
  }

  @Test
  void transactionReadOnlyBySqlAlone_isToldByPostgresql() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.execute(host, "SET TRANSACTION READ ONLY");

      assertThatThrownBy(() -> users.in(plinth.join(host)).create(ADA))
          .isInstanceOf(ReadOnlyTransactionException.class)
          .hasMessageContaining("begin it READ WRITE");
      host.rollback();
    }
  }

  @Test
  void failedTransaction_everyCallSaysSo() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Tx joined = plinth.join(host);
      assertThatThrownBy(() -> Sql.execute(host, "SELECT 1 / 0")).hasMessageContaining("22012");

      assertThatThrownBy(() -> users.in(joined).create(ADA))
          .isInstanceOf(TransactionAbortedException.class)
          .hasMessageContaining("roll it back");
      assertThatThrownBy(() -> users.in(joined).findByEmail("a@example.org"))
          .isInstanceOf(TransactionAbortedException.class);
      assertThatThrownBy(() -> plinth.join(host)).isInstanceOf(TransactionAbortedException.class);
      host.rollback();
    }
  }

  @Test
  void autoCommitConnection_isRefused() throws SQLException {
    try (Connection host = pool.getConnection()) {
      assertThatThrownBy(() -> users.in(plinth.join(host)))
          .isInstanceOf(NoTransactionException.class)
          .hasMessageContaining("setAutoCommit(false)");
    }
  }

  @Test
  void nothing_isRefusedByName() {
    assertThatThrownBy(() -> users.create(nothing())).hasMessage("user must not be null");
    assertThatThrownBy(() -> users.findOrCreate(nothing())).hasMessage("user must not be null");
    assertThatThrownBy(() -> users.update(nothing())).hasMessage("user must not be null");
    assertThatThrownBy(() -> users.find(nothing())).hasMessage("id must not be null");
    assertThatThrownBy(() -> users.deactivate(nothing())).hasMessage("id must not be null");
    assertThatThrownBy(() -> users.findByEmail(" ")).hasMessage("email must not be blank");
    assertThatThrownBy(() -> users.findByExternalId(nothing()))
        .hasMessage("externalId must not be null");
    assertThatThrownBy(() -> users.findByUsername("")).hasMessage("username must not be blank");
    assertThatThrownBy(() -> users.in(nothing())).hasMessage("tx must not be null");
  }

  private <T> T inTenant(String tenant, java.util.function.Function<Users, T> work) {
    return plinth.transactReturning(
        TxOptions.defaults().withTenant(tenant), tx -> work.apply(users.in(tx)));
  }

  private static void assertDuplicate(String field, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            DuplicateUserException.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  private static NewUser named(String username) {
    return NewUser.withEmail("only@example.org").username(username).email(null);
  }

  /** What Java code without null checks would pass. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T nothing() {
    return null;
  }
}

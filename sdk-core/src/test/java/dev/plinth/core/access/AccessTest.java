package dev.plinth.core.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.identity.User;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@PlinthTest
class AccessTest {
  private static final UUID ADMINISTRATOR = new UUID(7, 7);
  private static final UUID NOBODY = new UUID(0, 1);

  private final Plinth plinth;
  private final Roles roles;
  private final Access access;
  private final DataSource pool;

  AccessTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.roles = plinth.roles();
    this.access = plinth.access();
    this.pool = pool;
  }

  @BeforeEach
  void define() {
    roles.define("operator", null, "node.start", "node.pool.*");
    roles.define("chief", null, "budget.*");
    roles.inherit("chief", "operator");
  }

  @Test
  void can_byNameWildcardAndInheritance_otherwiseNot() {
    UUID operator = create("operator");
    UUID chief = create("chief");

    assertThat(access.can(operator, "node.start")).isTrue();
    assertThat(access.can(operator, "node.pool.drain")).isTrue();
    assertThat(access.can(operator, "node.pool.drain.now")).isTrue();
    assertThat(access.can(operator, "node.pool")).isFalse();
    assertThat(access.can(operator, "node.pools.drain")).isFalse();
    assertThat(access.can(operator, "node.start.now")).isFalse();
    assertThat(access.can(operator, "node")).isFalse();
    assertThat(access.can(operator, "Node.start")).isFalse();
    assertThat(access.can(operator, "budget.raise")).isFalse();
    assertThat(access.can(chief, "budget.raise")).isTrue();
    assertThat(access.can(chief, "node.start")).isTrue();
    assertThat(access.can(create("user"), "node.start")).isFalse();
    assertThat(access.can(NOBODY, "node.start")).isFalse();
  }

  @Test
  void can_superuserAndWhoeverInheritsFromIt_everything() {
    roles.define("root");
    roles.inherit("root", Role.SUPERUSER);

    assertThat(access.can(create(Role.SUPERUSER), "any.thing")).isTrue();
    assertThat(access.can(create("root"), "any.thing")).isTrue();
  }

  @Test
  void can_deactivated_nothing() {
    UUID chief = create("chief");
    UUID root = create(Role.SUPERUSER);
    plinth.users().deactivate(chief);
    plinth.users().deactivate(root);

    assertThat(access.can(chief, "budget.raise")).isFalse();
    assertThat(access.can(root, "budget.raise")).isFalse();
    assertThatThrownBy(() -> access.require(root, "budget.raise"))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessageContaining("budget.raise");
  }

  @Test
  void can_inATransaction_seesItsOwnGrantsAndNobodyElseDoes() throws Exception {
    UUID user = create("user");
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Access joined = access.in(plinth.join(host));

      assertThat(joined.grant(user, "operator")).isTrue();

      assertThat(joined.can(user, "node.start")).isTrue();
      assertThat(access.can(user, "node.start")).isFalse();
      host.rollback();
    }

    assertThat(access.can(user, "node.start")).isFalse();
  }

  @Test
  void grant_andRevoke_sayWhetherAnythingChanged() {
    UUID user = create("user");

    assertThat(access.grant(user, "operator", ADMINISTRATOR)).isTrue();
    assertThat(access.grant(user, "operator")).isFalse();
    assertThat(access.grant(user, "user")).isFalse();
    assertThat(access.roles(user))
        .extracting(GrantedRole::role, GrantedRole::isPrimary, GrantedRole::grantedBy)
        .containsExactly(tuple("operator", false, ADMINISTRATOR), tuple("user", true, null));
    assertThat(access.can(user, "node.start")).isTrue();
    assertThat(access.revoke(user, "operator")).isTrue();
    assertThat(access.revoke(user, "operator")).isFalse();
    assertThat(access.revoke(NOBODY, "operator")).isFalse();
    assertThat(access.can(user, "node.start")).isFalse();
  }

  @Test
  void users_ofARole_comeInPagesAndIncludeThePrimary() {
    List<UUID> expected = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      expected.add(create(i % 2 == 0 ? "operator" : "user"));
    }
    access.grant(expected.get(1), "operator");
    access.grant(expected.get(3), "operator");

    List<UUID> first = access.users("operator", null, 3);
    assertThat(first).isEqualTo(expected.subList(0, 3));
    assertThat(access.users("operator", first.get(2), 3)).isEqualTo(expected.subList(3, 5));
    assertThat(access.users("operator", expected.get(4), 3)).isEmpty();
    assertThat(access.users("chief", null, 3)).isEmpty();
  }

  @Test
  void refusals_inAHostsTransaction_leaveItUsable() throws Exception {
    UUID user = create("operator");
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Access joined = access.in(plinth.join(host));

      assertThatThrownBy(() -> joined.revoke(user, "operator"))
          .isInstanceOf(PrimaryRoleException.class)
          .hasMessageContaining("setRole");
      assertThatThrownBy(() -> joined.grant(NOBODY, "operator"))
          .isInstanceOf(UnknownUserException.class);
      assertThatThrownBy(() -> joined.grant(user, "none")).isInstanceOf(UnknownRoleException.class);
      assertThatThrownBy(() -> joined.setRole(user, "none", ADMINISTRATOR))
          .isInstanceOf(UnknownRoleException.class);
      assertThatThrownBy(() -> joined.setRole(NOBODY, "chief", ADMINISTRATOR))
          .isInstanceOf(UnknownUserException.class);
      assertThatThrownBy(() -> joined.mapRole(user, "none"))
          .isInstanceOf(UnknownRoleException.class);
      assertThatThrownBy(() -> joined.mapRole(NOBODY, "chief"))
          .isInstanceOf(UnknownUserException.class);
      joined.grant(user, "chief");
      host.commit();
    }

    assertThat(access.roles(user))
        .extracting(GrantedRole::role)
        .containsExactly("chief", "operator");
  }

  @Test
  void setRole_byAnAdministrator_isNotUndoneByAMapping() {
    UUID user = create("user");

    assertThat(access.mapRole(user, "operator")).isEqualTo(RoleMapping.CHANGED);
    assertThat(access.mapRole(user, "operator")).isEqualTo(RoleMapping.UNCHANGED);
    assertThat(access.isOverridden(user)).isFalse();
    assertThat(access.setRole(user, "chief", ADMINISTRATOR)).isTrue();
    assertThat(access.setRole(user, "chief", ADMINISTRATOR)).isFalse();
    assertThat(access.isOverridden(user)).isTrue();
    assertThat(access.mapRole(user, "operator")).isEqualTo(RoleMapping.OVERRIDDEN);
    assertThat(access.mapRole(user, "none")).isEqualTo(RoleMapping.OVERRIDDEN);
    assertThat(role(user)).isEqualTo("chief");
    assertThat(access.roles(user))
        .singleElement()
        .satisfies(held -> assertThat(held.grantedBy()).isEqualTo(ADMINISTRATOR));

    assertThat(access.clearOverride(user)).isTrue();
    assertThat(access.clearOverride(user)).isFalse();
    assertThat(role(user)).isEqualTo("chief");
    assertThat(access.mapRole(user, "operator")).isEqualTo(RoleMapping.CHANGED);
    assertThat(access.roles(user)).extracting(GrantedRole::role).containsExactly("operator");
  }

  @Test
  void setRole_sameRoleAsMapped_overridesAllTheSame() {
    UUID user = create("operator");

    assertThat(access.setRole(user, "operator", ADMINISTRATOR)).isTrue();

    assertThat(access.mapRole(user, "chief")).isEqualTo(RoleMapping.OVERRIDDEN);
    assertThat(access.roles(user)).extracting(GrantedRole::role).containsExactly("operator");
  }

  @Test
  void update_withAnotherRole_replacesThePrimaryOneAndKeepsTheOthers() {
    UUID user = create("user");
    access.grant(user, "chief");
    access.grant(user, "operator");

    User stored = plinth.users().find(user).orElseThrow();
    plinth.users().update(stored.withRole("operator"));

    assertThat(access.roles(user))
        .extracting(GrantedRole::role, GrantedRole::isPrimary)
        .containsExactly(tuple("chief", false), tuple("operator", true));
  }

  @Test
  void hostSql_cannotPartUsersRoleFromUserRoles() {
    UUID user = create("operator");

    assertRefusedBySql("DELETE FROM plinth.user_roles");
    assertRefusedBySql("UPDATE plinth.user_roles SET role = 'chief'");
    assertRefusedBySql("UPDATE plinth.users SET role = 'none'");
    assertRefusedBySql("UPDATE plinth.roles SET name = 'other' WHERE name = 'operator'");
    assertRefusedBySql("DELETE FROM plinth.roles WHERE name = 'operator'");
    sql("UPDATE plinth.users SET role = 'chief'");
    assertThat(access.roles(user)).extracting(GrantedRole::role).containsExactly("chief");
    sql("UPDATE plinth.user_roles SET granted_at = now()");
    sql("DELETE FROM plinth.users");
    assertThat(count("plinth.user_roles")).isZero();
  }

  @Test
  void tenant_grantsReachItsOwnUsersOnly() {
    UUID mine =
        inTenant("a", () -> plinth.users().create(NewUser.withExternalId("x").role("operator")))
            .id();

    assertThatThrownBy(() -> access.grant(mine, "chief")).isInstanceOf(UnknownUserException.class);
    assertThatThrownBy(() -> inTenant("b", () -> access.grant(mine, "chief")))
        .isInstanceOf(UnknownUserException.class);
    assertThat(inTenant("b", () -> access.roles(mine))).isEmpty();
    assertThat(inTenant("b", () -> access.users("operator", null, 10))).isEmpty();
    assertThat(inTenant("a", () -> access.grant(mine, "chief"))).isTrue();
    assertThat(inTenant("b", () -> access.revoke(mine, "chief"))).isFalse();
    assertThat(inTenant("a", () -> access.users("operator", null, 10))).containsExactly(mine);
    assertThat(access.can(mine, "budget.raise")).isTrue();
    assertThat(inTenant("b", () -> access.can(mine, "budget.raise"))).isTrue();
  }

  @Test
  void changes_areAnnouncedInTheirTransaction() {
    UUID user = create("user");
    List<PlinthEvent> events = new ArrayList<>();
    plinth.events().inTransaction(PlinthEvent.class, (tx, event) -> events.add(event));

    access.grant(user, "operator", ADMINISTRATOR);
    access.grant(user, "operator", ADMINISTRATOR);
    access.revoke(user, "operator");
    access.revoke(user, "operator");
    access.setRole(user, "chief", ADMINISTRATOR);
    access.clearOverride(user);
    access.mapRole(user, "operator");
    access.mapRole(user, "operator");

    assertThat(events)
        .containsExactly(
            new RoleGranted(user, "operator", ADMINISTRATOR),
            new RoleRevoked(user, "operator"),
            new PrimaryRoleSet(user, "user", "chief", ADMINISTRATOR),
            new PrimaryRoleSet(user, "chief", "operator", null));
    assertThat(events)
        .map(PlinthEvent::fact)
        .extracting(Fact::action)
        .containsExactly("role.granted", "role.revoked", "role.set", "role.set");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " ", "*", "node.*", "a.", ".a", "a..b", "a b", "ä", "a\0"})
  void permission_malformed_isRefusedForEverybody(String permission) {
    UUID root = create(Role.SUPERUSER);

    assertRefused("permission", () -> access.can(root, permission));
    assertRefused("permission", () -> access.can(NOBODY, permission));
    plinth.transact(tx -> assertRefused("permission", () -> access.in(tx).can(root, permission)));
    assertRefused("permission", () -> access.can(root, "x".repeat(101)));
  }

  @Test
  void otherArguments_malformed_areRefusedNamingTheArgument() {
    assertRefused("userId", () -> access.can(null, "x"));
    assertRefused("userId", () -> access.grant(null, "x"));
    assertRefused("userId", () -> access.revoke(null, "x"));
    assertRefused("userId", () -> access.roles(null));
    assertRefused("userId", () -> access.setRole(null, "x", ADMINISTRATOR));
    assertRefused("userId", () -> access.mapRole(null, "x"));
    assertRefused("userId", () -> access.clearOverride(null));
    assertRefused("userId", () -> access.isOverridden(null));
    assertRefused("byAdministrator", () -> access.setRole(NOBODY, "x", null));
    for (String role : new String[] {null, "", " x", "x\0", "x".repeat(51)}) {
      assertRefused("role", () -> access.grant(NOBODY, role));
      assertRefused("role", () -> access.revoke(NOBODY, role));
      assertRefused("role", () -> access.setRole(NOBODY, role, ADMINISTRATOR));
      assertRefused("role", () -> access.mapRole(NOBODY, role));
      assertRefused("role", () -> access.users(role, null, 1));
    }
    assertRefused("limit", () -> access.users("user", null, 0));
    assertRefused("limit", () -> access.users("user", null, 1001));
    assertRefused("tx", () -> access.in(null));
  }

  private UUID create(String role) {
    return plinth
        .users()
        .create(NewUser.withExternalId(UUID.randomUUID().toString()).role(role))
        .id();
  }

  private String role(UUID user) {
    return plinth.users().find(user).orElseThrow().role();
  }

  private <T> T inTenant(String tenant, Supplier<T> work) {
    return plinth.<T, RuntimeException>transactReturning(
        TxOptions.defaults().withTenant(tenant), tx -> work.get());
  }

  private void sql(String statement) {
    plinth.transact(tx -> Sql.execute(tx.connection(), statement));
  }

  private long count(String table) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT count(*) FROM " + table, row -> row.getLong(1))
                .get(0));
  }

  private void assertRefusedBySql(String statement) {
    assertThatThrownBy(() -> sql(statement)).isInstanceOf(DatabaseException.class);
  }

  private static void assertRefused(String argument, ThrowingCallable call) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageStartingWith(argument + " ");
  }
}

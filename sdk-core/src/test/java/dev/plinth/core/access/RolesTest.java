package dev.plinth.core.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.util.List;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@PlinthTest
class RolesTest {
  private final Plinth plinth;
  private final Roles roles;
  private final DataSource pool;

  RolesTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.roles = plinth.roles();
    this.pool = pool;
  }

  @Test
  void define_newRole_comesBackFromEveryFinder() {
    Role role = roles.define("Platform Admin", "Looks after nodes", "node.*", "pool.read");

    assertThat(role.description()).isEqualTo("Looks after nodes");
    assertThat(role.isBuiltIn()).isFalse();
    assertThat(roles.find("Platform Admin")).contains(role);
    assertThat(roles.find("platform admin")).isEmpty();
    assertThat(roles.permissions("Platform Admin")).containsExactly("node.*", "pool.read");
  }

  @Test
  void define_again_changesNothing() {
    Role first = roles.define("editor", "Edits", "page.write");
    roles.withdraw("editor", "page.write");

    assertThat(roles.define("editor", "Other", "page.write", "page.drop")).isEqualTo(first);
    assertThat(roles.permissions("editor")).isEmpty();
    assertThat(roles.define("user").isBuiltIn()).isTrue();
  }

  @Test
  void describe_role_getsTheDescription() {
    roles.define("editor");

    assertThat(roles.describe("editor", "Edits").description()).isEqualTo("Edits");
    assertThat(roles.describe("editor", null).description()).isNull();
  }

  @Test
  void page_byName_givesEveryRoleOnce() {
    List.of("b", "a", "C", "ä").forEach(roles::define);

    assertThat(roles.page(null, 3)).extracting(Role::name).containsExactly("C", "a", "b");
    assertThat(roles.page("b", 3)).extracting(Role::name).containsExactly("superuser", "user", "ä");
    assertThat(roles.page("ä", 3)).isEmpty();
  }

  @Test
  void permit_andWithdraw_sayWhetherAnythingChanged() {
    roles.define("editor");

    assertThat(roles.permit("editor", "page.write")).isTrue();
    assertThat(roles.permit("editor", "page.write")).isFalse();
    assertThat(roles.permit("editor", "page.*")).isTrue();
    assertThat(roles.withdraw("editor", "page.write")).isTrue();
    assertThat(roles.withdraw("editor", "page.write")).isFalse();
    assertThat(roles.permissions("editor")).containsExactly("page.*");
  }

  @Test
  void inherit_andDisinherit_sayWhetherAnythingChanged() {
    List.of("a", "b", "c").forEach(roles::define);

    assertThat(roles.inherit("a", "c")).isTrue();
    assertThat(roles.inherit("a", "b")).isTrue();
    assertThat(roles.inherit("a", "b")).isFalse();
    assertThat(roles.parents("a")).containsExactly("b", "c");
    assertThat(roles.disinherit("a", "b")).isTrue();
    assertThat(roles.disinherit("a", "b")).isFalse();
    assertThat(roles.parents("a")).containsExactly("c");
  }

  @Test
  void drop_role_goesWithItsPermissionsAndParents() {
    roles.define("parent");
    roles.define("editor", null, "page.write");
    roles.inherit("editor", "parent");

    assertThat(roles.drop("editor")).isTrue();
    assertThat(roles.drop("editor")).isFalse();

    assertThat(roles.find("editor")).isEmpty();
    assertThat(roles.drop("parent")).isTrue();
    assertThat(roles.define("editor")).isNotNull();
    assertThat(roles.permissions("editor")).isEmpty();
  }

  @Test
  void refusals_inAHostsTransaction_leaveItUsable() throws Exception {
    List.of("a", "b", "c", "held", "main").forEach(roles::define);
    roles.inherit("a", "b");
    roles.inherit("b", "c");
    var user = plinth.users().create(NewUser.withExternalId("x").role("main"));
    plinth.access().grant(user.id(), "held");
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Roles joined = roles.in(plinth.join(host));

      assertThatThrownBy(() -> joined.drop("user")).isInstanceOf(BuiltInRoleException.class);
      assertThatThrownBy(() -> joined.drop("held"))
          .isInstanceOf(RoleInUseException.class)
          .hasMessageContaining("1 users have it, and 0 roles inherit");
      assertThatThrownBy(() -> joined.drop("main")).isInstanceOf(RoleInUseException.class);
      assertThatThrownBy(() -> joined.drop("c"))
          .isInstanceOfSatisfying(RoleInUseException.class, e -> assertThat(e.heirs()).isOne());
      assertThatThrownBy(() -> joined.inherit("c", "a")).isInstanceOf(RoleCycleException.class);
      assertThatThrownBy(() -> joined.inherit("b", "a")).isInstanceOf(RoleCycleException.class);
      assertUnknown(() -> joined.describe("none", "x"));
      assertUnknown(() -> joined.permit("none", "x"));
      assertUnknown(() -> joined.withdraw("none", "x"));
      assertUnknown(() -> joined.permissions("none"));
      assertUnknown(() -> joined.inherit("a", "none"));
      assertUnknown(() -> joined.inherit("none", "a"));
      assertUnknown(() -> joined.disinherit("a", "none"));
      assertUnknown(() -> joined.parents("none"));
      joined.define("d");
      host.commit();
    }

    assertThat(roles.find("d")).isPresent();
    assertThat(roles.parents("c")).isEmpty();
  }

  @Test
  void hostSql_thatWouldCloseACycle_isRefused() {
    List.of("a", "b").forEach(roles::define);
    roles.inherit("a", "b");

    assertThatThrownBy(() -> sql("INSERT INTO plinth.role_parents VALUES ('b', 'a')"))
        .hasStackTraceContaining("close a cycle");
  }

  @Test
  void readOnlyTransaction_writesAreRefusedBeforeSqlFails() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setReadOnly(true);
      host.setAutoCommit(false);
      Roles joined = roles.in(plinth.join(host));

      assertReadOnly(() -> joined.define("x"));
      assertReadOnly(() -> joined.describe("user", "x"));
      assertReadOnly(() -> joined.permit("user", "x"));
      assertReadOnly(() -> joined.withdraw("user", "x"));
      assertReadOnly(() -> joined.inherit("user", "superuser"));
      assertReadOnly(() -> joined.disinherit("user", "superuser"));
      assertReadOnly(() -> joined.drop("x"));
      assertThat(joined.define("user").isBuiltIn()).isTrue();
      host.rollback();
      host.setReadOnly(false);
    }
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " ", " a", "a ", "a\nb", "a\0", "\ud800", "a\u0085b"})
  void roleName_malformed_isRefusedNamingTheArgument(String name) {
    assertRefused("name", () -> roles.define(name));
    assertRefused("name", () -> roles.describe(name, null));
    assertRefused("name", () -> roles.find(name));
    assertRefused("name", () -> roles.drop(name));
    assertRefused("role", () -> roles.permit(name, "x"));
    assertRefused("role", () -> roles.withdraw(name, "x"));
    assertRefused("role", () -> roles.permissions(name));
    assertRefused("role", () -> roles.inherit(name, "x"));
    assertRefused("parent", () -> roles.inherit("x", name));
    assertRefused("parent", () -> roles.disinherit("x", name));
    assertRefused("role", () -> roles.parents(name));
    if (name != null) {
      assertRefused("after", () -> roles.page(name, 1));
    }
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {"", " ", "*", ".*", "a.", ".a", "a..b", "a b", "a*", "a.*.b", "ä", "a.*.*", "\0"})
  void permission_malformed_isRefusedBeforeSql(String permission) {
    assertRefused("permission", () -> roles.permit("user", permission));
    assertRefused("permission", () -> roles.withdraw("user", permission));
    assertRefused("permission", () -> roles.define("x", null, permission));
    assertRefused("permission", () -> roles.permit("user", "x".repeat(101)));
    assertRefused("permission", () -> roles.permit("user", "x".repeat(99) + ".*"));
  }

  @Test
  void otherArguments_outOfBounds_areRefused() {
    assertRefused("name", () -> roles.define("x".repeat(51)));
    assertRefused("description", () -> roles.define("x", " "));
    assertRefused("description", () -> roles.describe("x", "x".repeat(1001)));
    assertRefused("limit", () -> roles.page(null, 0));
    assertRefused("limit", () -> roles.page(null, 1001));
    assertRefused("parent", () -> roles.inherit("user", "user"));
    assertRefused("tx", () -> roles.in(null));
    roles.define("x".repeat(50), "x".repeat(1000), "x".repeat(100), "y".repeat(98) + ".*");
    assertThat(roles.permissions("x".repeat(50))).hasSize(2);
  }

  private void sql(String statement) {
    plinth.transact(tx -> Sql.execute(tx.connection(), statement));
  }

  private static void assertUnknown(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            UnknownRoleException.class, e -> assertThat(e.role()).isEqualTo("none"));
  }

  private static void assertReadOnly(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(ReadOnlyTransactionException.class);
  }

  private static void assertRefused(String argument, ThrowingCallable call) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageStartingWith(argument + " ");
  }
}

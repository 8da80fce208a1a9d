package dev.plinth.core.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.PlinthTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("proof")
@PlinthTest
class RoleRacesTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int ROUNDS = LARGE ? 1_000 : 30;
  private static final UUID ADMINISTRATOR = new UUID(7, 7);

  private final ExecutorService threads = Executors.newFixedThreadPool(16);
  private final Plinth plinth;
  private final Roles roles;
  private final Access access;

  RoleRacesTest(Plinth plinth) {
    this.plinth = plinth;
    this.roles = plinth.roles();
    this.access = plinth.access();
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @ParameterizedTest
  @EnumSource(TxOptions.Isolation.class)
  void inherit_threeThatWouldCloseACycleTogether_neverDo(TxOptions.Isolation isolation)
      throws Exception {
    TxOptions options = TxOptions.defaults().withIsolation(isolation);
    List.of("a", "b", "c").forEach(roles::define);
    for (int round = 0; round < ROUNDS; round++) {
      List<Throwable> failures =
          atOnce(
              () -> plinth.transact(options, tx -> roles.in(tx).inherit("a", "b")),
              () -> plinth.transact(options, tx -> roles.in(tx).inherit("b", "c")),
              () -> plinth.transact(options, tx -> roles.in(tx).inherit("c", "a")));

      assertThat(failures).singleElement().isInstanceOf(RoleCycleException.class);
      assertThat(count("plinth.role_parents")).isEqualTo(2);
      sql("DELETE FROM plinth.role_parents");
    }
  }

  @ParameterizedTest
  @EnumSource(TxOptions.Isolation.class)
  void hostSql_twoThatWouldCloseACycleTogether_neverDo(TxOptions.Isolation isolation)
      throws Exception {
    TxOptions options = TxOptions.defaults().withIsolation(isolation);
    List.of("a", "b").forEach(roles::define);
    for (int round = 0; round < ROUNDS; round++) {
      List<Throwable> failures =
          atOnce(
              () -> sql(options, "INSERT INTO plinth.role_parents VALUES ('a', 'b')"),
              () -> sql(options, "INSERT INTO plinth.role_parents VALUES ('b', 'a')"));

      assertThat(failures).singleElement().isInstanceOf(DatabaseException.class);
      assertThat(count("plinth.role_parents")).isEqualTo(1);
      sql(TxOptions.defaults(), "DELETE FROM plinth.role_parents");
    }
  }

  @Test
  void define_sameNameBySixteenAtOnce_allGetTheSame() throws Exception {
    List<Role> made = Collections.synchronizedList(new ArrayList<>());
    Runnable[] calls = new Runnable[16];
    Arrays.fill(calls, (Runnable) () -> made.add(roles.define("same", "x", "a.b")));

    assertThat(atOnce(calls)).isEmpty();

    assertThat(made).hasSize(16).containsOnly(made.get(0));
    assertThat(roles.permissions("same")).containsExactly("a.b");
  }

  @Test
  void drop_whileItIsGranted_oneOfThemIsRefusedAndNeitherTransactionFails() throws Exception {
    UUID user = create("user");
    for (int round = 0; round < ROUNDS; round++) {
      roles.define("editor");
      List<Throwable> failures =
          atOnce(
              () -> plinth.transact(tx -> roles.in(tx).drop("editor")),
              () -> plinth.transact(tx -> access.in(tx).grant(user, "editor")));

      assertThat(failures)
          .singleElement()
          .isInstanceOfAny(RoleInUseException.class, UnknownRoleException.class);
      access.revoke(user, "editor");
    }
  }

  @Test
  void drop_whileAUserIsCreatedWithIt_oneOfThemIsRefused() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      roles.define("editor");
      List<Throwable> failures = atOnce(() -> roles.drop("editor"), () -> create("editor"));

      assertThat(failures)
          .singleElement()
          .isInstanceOfAny(RoleInUseException.class, UnknownRoleException.class);
      sql(TxOptions.defaults(), "DELETE FROM plinth.users");
    }
  }

  @Test
  void revoke_whileItBecomesThePrimaryRole_leavesNoGap() throws Exception {
    roles.define("editor");
    UUID user = create("user");
    for (int round = 0; round < ROUNDS; round++) {
      access.grant(user, "editor");
      List<Throwable> failures =
          atOnce(
              () -> access.revoke(user, "editor"),
              () -> access.setRole(user, "editor", ADMINISTRATOR));

      assertThat(failures).allSatisfy(f -> assertThat(f).isInstanceOf(PrimaryRoleException.class));
      assertThat(access.roles(user)).extracting(GrantedRole::role).containsExactly("editor");
      access.setRole(user, "user", ADMINISTRATOR);
    }
  }

  @Test
  void hostSql_deletesTheRowThatBecomesThePrimaryOne_leavesNoGap() throws Exception {
    roles.define("editor");
    UUID user = create("user");
    for (int round = 0; round < ROUNDS; round++) {
      access.grant(user, "editor");
      atOnce(
          () -> sql("DELETE FROM plinth.user_roles WHERE role = 'editor'"),
          () -> sql("UPDATE plinth.users SET role = 'editor'"));

      assertThat(access.roles(user))
          .filteredOn(GrantedRole::isPrimary)
          .singleElement()
          .extracting(GrantedRole::role)
          .isEqualTo("editor");
      sql("UPDATE plinth.users SET role = 'user'");
    }
  }

  @Test
  void mapRole_whileAnAdministratorDecides_theAdministratorHasTheLastWord() throws Exception {
    List.of("mapped", "decided").forEach(roles::define);
    UUID user = create("user");
    for (int round = 0; round < ROUNDS; round++) {
      assertThat(
              atOnce(
                  () -> access.mapRole(user, "mapped"),
                  () -> access.setRole(user, "decided", ADMINISTRATOR),
                  () -> access.mapRole(user, "mapped")))
          .isEmpty();

      assertThat(access.roles(user)).extracting(GrantedRole::role).containsExactly("decided");
      access.clearOverride(user);
      access.mapRole(user, "user");
    }
  }

  private List<Throwable> atOnce(Runnable... calls) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(calls.length);
    List<Future<?>> running = new ArrayList<>();
    for (Runnable call : calls) {
      running.add(
          threads.submit(
              () -> {
                barrier.await();
                call.run();
                return null;
              }));
    }
    List<Throwable> failures = new ArrayList<>();
    for (Future<?> each : running) {
      try {
        each.get();
      } catch (ExecutionException e) {
        failures.add(e.getCause());
      }
    }
    return failures;
  }

  private UUID create(String role) {
    return plinth
        .users()
        .create(NewUser.withExternalId(UUID.randomUUID().toString()).role(role))
        .id();
  }

  private void sql(String statement) {
    sql(TxOptions.defaults(), statement);
  }

  private void sql(TxOptions options, String statement) {
    plinth.transact(options, tx -> Sql.execute(tx.connection(), statement));
  }

  private long count(String table) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT count(*) FROM " + table, row -> row.getLong(1))
                .get(0));
  }
}

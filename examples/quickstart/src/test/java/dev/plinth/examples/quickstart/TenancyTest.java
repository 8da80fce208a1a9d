package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.audit.Action;
import dev.plinth.audit.AuditLog;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.password.LogIn;
import dev.plinth.core.password.PasswordCheck;
import dev.plinth.core.presence.LiveConnection;
import dev.plinth.core.presence.NewConnection;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.SessionAuthentication;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.JoinedTx;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.oauth.ClientAuthentication;
import dev.plinth.oauth.Fresh;
import dev.plinth.oauth.Provider;
import dev.plinth.oauth.TokenSet;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Decision;
import dev.plinth.quota.Quotas;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Two tenants under row-level security, with every module, as a role that owns nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TenancyTest {
  record Work(String what) {}

  private static final JobType<Work> WORK = JobType.of("work", Work.class);
  private static final String ACME = "acme";
  private static final String GLOBEX = "globex";

  private final TestDatabase database = TestDatabase.create();
  private final String role = "tenancy_" + UUID.randomUUID().toString().replace("-", "");
  private final Map<String, User> users = new HashMap<>();
  private final Map<String, String> keys = new HashMap<>();
  private final Map<String, String> sessions = new HashMap<>();
  private Plinth owner;
  private Plinth plinth;
  private HikariDataSource pool;
  private AuditLog audit;
  private Quotas quotas;
  private Tokens tokens;
  private Jobs jobs;

  @BeforeAll
  void openAndFill() {
    owner = Plinth.builder().dataSource(database.pool(3)).build();
    owner.migrations().migrate();
    owner.migrations().optional("row_level_security").apply();
    owner.transact(
        tx -> {
          Sql.execute(tx.connection(), "CREATE ROLE " + role);
          owner.migrations().grants(role).forEach(grant -> Sql.execute(tx.connection(), grant));
        });
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setConnectionInitSql("SET ROLE " + role);
    config.setMaximumPoolSize(8);
    pool = new HikariDataSource(config);
    plinth =
        Plinth.builder()
            .dataSource(pool)
            .migrationDataSource(database.pool(2))
            .keys(KeyRing.of("test", new byte[32]))
            .rowLevelSecurity()
            .build();
    plinth.start();
    audit = AuditLog.create(plinth);
    quotas = Quotas.builder(plinth).limit("storage_mb", 10).build();
    tokens = Tokens.builder(plinth).provider(provider()).build();
    jobs =
        Jobs.builder(plinth).handle(WORK, this::run).pollInterval(Duration.ofMillis(100)).build();
    for (String tenant : List.of(ACME, GLOBEX)) {
      users.put(tenant, as(tenant, this::fill));
    }
  }

  @AfterAll
  void close() {
    jobs.close();
    tokens.close();
    quotas.close();
    audit.close();
    plinth.close();
    pool.close();
    owner.transact(
        tx -> {
          Sql.execute(tx.connection(), "DROP OWNED BY " + role);
          Sql.execute(tx.connection(), "DROP ROLE " + role);
        });
    owner.close();
    database.close();
  }

  @Test
  void everyTableWithATenant_showsEachTenantItsOwnAndNobodyElseAnything() {
    List<String> tables = tenantTables();
    assertThat(tables)
        .contains(
            "users",
            "api_keys",
            "sessions",
            "credentials",
            "websocket_connections",
            "audit_actions",
            "user_usage",
            "quota_violations",
            "quota_overrides",
            "computational_jobs",
            "batch_job_collections",
            "oauth2_tokens");
    int filled = 0;
    for (String table : tables) {
      long acme = rows(ACME, table, ACME);
      assertThat(rows(GLOBEX, table, ACME)).as(table).isZero();
      assertThat(rows(ACME, table, GLOBEX)).as(table).isZero();
      assertThat(rows(null, table, ACME)).as(table + ", no tenant").isZero();
      assertThat(rows("initech", table, ACME)).as(table + ", another tenant").isZero();
      assertThat(
              plinth.<Long, RuntimeException>transactReturning(
                  TxOptions.defaults().withAllTenants(), tx -> count(tx, table, ACME)))
          .as(table + ", all tenants")
          .isEqualTo(acme);
      filled += acme > 0 ? 1 : 0;
    }
    assertThat(filled).as("tables with rows of acme").isGreaterThanOrEqualTo(12);
  }

  @Test
  void tenantForgotten_repositoriesFindNothingAndWritesAreRefused() {
    User acme = users.get(ACME);
    assertThat(plinth.users().find(acme.id())).isEmpty();
    assertThat(plinth.users().page(null, 10)).isEmpty();
    assertThat(jobs.list(JobFilter.all(), Page.first(10))).isEmpty();
    assertThatThrownBy(() -> plinth.users().create(NewUser.withExternalId("nobody's")))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.sqlState()).contains("42501"));
    assertThat(
            plinth.<Integer, RuntimeException>transactReturning(
                tx -> Sql.update(tx.connection(), "UPDATE plinth.users SET full_name = 'x'")))
        .isZero();
    assertThat(
            plinth.<Integer, RuntimeException>transactReturning(
                tx -> Sql.update(tx.connection(), "DELETE FROM plinth.users")))
        .isZero();
  }

  @Test
  void writeForAnotherTenant_bySql_isRefused() {
    assertThatThrownBy(
            () ->
                as(
                    ACME,
                    tx ->
                        Sql.update(
                            tx.connection(),
                            "INSERT INTO plinth.users (id, tenant_id, external_id) VALUES (?, ?, 'x')",
                            plinth.ids().next(),
                            GLOBEX)))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.sqlState()).contains("42501"));
    assertThatThrownBy(
            () ->
                as(
                    ACME,
                    tx ->
                        Sql.update(
                            tx.connection(), "UPDATE plinth.users SET tenant_id = ?", GLOBEX)))
        .isInstanceOf(DatabaseException.class);
  }

  @Test
  void joinedTransaction_namesItsTenantForTheRestOfIt() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      JoinedTx none = plinth.join(host);
      assertThat(count(none, "users", ACME)).isZero();
      JoinedTx acme = plinth.join(host, ACME);
      assertThat(count(acme, "users", ACME)).isPositive();
      assertThat(count(acme, "users", GLOBEX)).isZero();
      quotas.in(acme).chargeOrThrow(users.get(ACME).id(), "storage_mb", 1);
      JoinedTx globex = plinth.join(host, GLOBEX);
      assertThat(count(globex, "users", GLOBEX)).isPositive();
      assertThat(count(globex, "users", ACME)).isZero();
      host.rollback();
      assertThat(count(plinth.join(host), "users", GLOBEX)).isZero();
      host.rollback();
      host.setAutoCommit(true);
    }
  }

  @Test
  void userQuotas_theViewOfTheOwner_showsATenantItsOwn() {
    assertThat(rows(ACME, "user_quotas", ACME)).isPositive();
    assertThat(rows(ACME, "user_quotas", GLOBEX)).isZero();
    assertThat(rows(null, "user_quotas", ACME)).isZero();
  }

  @Test
  void partition_byItsOwnName_showsNothingEvenWithRightsOnIt() {
    String partition =
        owner.<String, RuntimeException>transactReturning(
            tx -> {
              String name =
                  Sql.query(
                          tx.connection(),
                          "SELECT tableoid::regclass::text FROM plinth.audit_actions LIMIT 1",
                          row -> row.getString(1))
                      .get(0);
              Sql.execute(tx.connection(), "GRANT SELECT ON " + name + " TO " + role);
              return name;
            });
    assertThat(
            this.<Long>as(
                ACME,
                tx ->
                    Sql.query(
                            tx.connection(),
                            "SELECT count(*) FROM " + partition,
                            row -> row.getLong(1))
                        .get(0)))
        .isZero();
    // Those made later, by the application's own role, are no exception.
    owner.transact(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT plinth.make_partition('audit_actions', (date_trunc('month', now()) + interval"
                    + " '30 months')::date)",
                row -> true));
    owner.migrations().verify();
  }

  @Test
  void jobs_ofTwoTenants_areClaimedRunRetriedFoldedAndSeenByTheirOwn() throws Exception {
    jobs.start();
    Map<String, BatchId> batches = new HashMap<>();
    Map<String, JobId> failing = new HashMap<>();
    for (String tenant : List.of(ACME, GLOBEX)) {
      as(
          tenant,
          tx -> {
            UUID user = users.get(tenant).id();
            BatchId batch =
                jobs.in(tx).batch("b").owner(user).onCompletion(WORK, new Work("after")).create();
            batches.put(tenant, batch);
            jobs.in(tx)
                .enqueue(WORK, new Work("charge"), JobOptions.defaults().batch(batch).user(user));
            JobOptions once = JobOptions.defaults().user(user).maxAttempts(1);
            jobs.in(tx).enqueue(WORK, new Work("fail"), once.batch(batch));
            failing.put(
                tenant,
                jobs.in(tx).enqueue(WORK, new Work("fail"), once.delay(Duration.ofMillis(1))));
            jobs.in(tx).seal(batch);
            return true;
          });
    }
    for (String tenant : List.of(ACME, GLOBEX)) {
      await()
          .until(
              () ->
                  as(tenant, tx -> jobs.in(tx).batch(batches.get(tenant)))
                      .map(Batch::isFinished)
                      .orElse(false));
      Batch batch = as(tenant, tx -> jobs.in(tx).batch(batches.get(tenant))).orElseThrow();
      assertThat(batch.completed()).isEqualTo(1);
      assertThat(batch.failed()).isEqualTo(1);
      await()
          .until(
              () ->
                  as(tenant, tx -> jobs.in(tx).find(failing.get(tenant))).orElseThrow().status()
                      == JobStatus.FAILED);
      assertThat(this.<Boolean>as(tenant, tx -> jobs.in(tx).retry(failing.get(tenant)))).isTrue();
    }
    // Written in transactions that are of no tenant.
    String failed = failing.get(ACME).toString();
    assertThat(audited(ACME, failed)).contains("job.failed");
    assertThat(audited(GLOBEX, failed)).isEmpty();
    assertThat(this.<Optional<Job>>as(ACME, tx -> jobs.in(tx).find(failing.get(GLOBEX)))).isEmpty();
    await().until(() -> pendingJobs() == 0);
    assertThat(jobs.check()).isEmpty();
  }

  private List<String> audited(String tenant, String job) {
    return this.<List<String>>as(
        tenant,
        tx ->
            audit.in(tx).history("job", job, PageRequest.first(10)).items().stream()
                .map(entry -> entry.action().name())
                .toList());
  }

  @Test
  void authenticate_beforeTheTenantIsKnown_tellsIt() {
    for (String tenant : List.of(ACME, GLOBEX)) {
      assertThat(plinth.apiKeys().authenticate(keys.get(tenant)))
          .isInstanceOfSatisfying(
              KeyAuthentication.Valid.class, key -> assertThat(key.tenantId()).isEqualTo(tenant));
      assertThat(plinth.sessions().authenticate(sessions.get(tenant)))
          .isInstanceOf(SessionAuthentication.Active.class);
    }
    assertThat(
            this.<KeyAuthentication>as(
                GLOBEX, tx -> plinth.apiKeys().in(tx).authenticate(keys.get(ACME))))
        .isInstanceOf(KeyAuthentication.Unknown.class);
  }

  @Test
  void tokens_ofATenant_areKeptRevokedAndSweptUnderPolicies() {
    UUID user = users.get(ACME).id();
    Tokens acme = tokens.forTenant(ACME);
    acme.store(user, "mail", TokenSet.of("a").refreshToken("r").expiresIn(Duration.ofHours(1)));
    assertThat(acme.fresh(user, "mail")).isInstanceOf(Fresh.class);
    assertThat(tokens.forTenant(GLOBEX).find(user, "mail")).isEmpty();
    assertThat(acme.revoke(user, "mail")).isTrue();
    assertThat(plinth.maintenance().runNow("oauth.revocations")).isTrue();
    acme.store(user, "mail", TokenSet.of("a2").expiresIn(Duration.ofHours(1)));
  }

  @Test
  void maintenance_underPolicies_runsEveryTaskWithoutError() {
    for (var task : plinth.maintenance().status()) {
      plinth.maintenance().runNow(task.name());
    }
    assertThat(plinth.maintenance().status())
        .allSatisfy(task -> assertThat(task.lastError()).as(task.name()).isNull());
  }

  @Test
  void mergeAndErase_underPolicies_reachEveryModuleOfTheTenant() {
    User from = as("initrode", this::fill);
    User into = as("initrode", this::fill);

    as("initrode", tx -> plinth.users().in(tx).merge(from.id(), into.id()));

    assertThat(as("initrode", tx -> quotas.in(tx).usage(into.id())).get(0).used())
        .isEqualByComparingTo("6");
    assertThat(
            this.<List<Job>>as(
                "initrode", tx -> jobs.in(tx).list(JobFilter.all().user(into.id()), Page.first(9))))
        .extracting(Job::tenantId)
        .hasSize(2);
    assertThat(this.<Boolean>as("initrode", tx -> plinth.users().in(tx).erase(into.id()))).isTrue();
    assertThat(rows("initrode", "user_usage", "initrode")).isZero();
    assertThat(as("initrode", tx -> plinth.users().in(tx).find(from.id())).orElseThrow().erasedAt())
        .isNotNull();
  }

  @Test
  void completeIn_inATransactionThatForgotTheTenant_failsTheAttemptAndLosesNoJob() {
    jobs.start();
    JobId job =
        as(
            ACME,
            tx ->
                jobs.in(tx)
                    .enqueue(WORK, new Work("forget"), JobOptions.defaults().maxAttempts(1)));

    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () ->
                this.<Optional<Job>>as(ACME, tx -> jobs.in(tx).find(job)).orElseThrow().status()
                    == JobStatus.FAILED);

    assertThat(this.<Optional<Job>>as(ACME, tx -> jobs.in(tx).find(job)).orElseThrow().error())
        .asString()
        .contains("Row-level security hides job");
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void start_underPoliciesWithoutBeingToldOfThem_isRefused() {
    try (Plinth untold = Plinth.builder().dataSource(pool).build()) {
      assertThatThrownBy(untold::start)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Plinth.builder().rowLevelSecurity()");
    }
  }

  @Test
  void rowsWithoutATenant_areServedByWhatOpensItsOwnTransactions() {
    TxOptions all = TxOptions.defaults().withAllTenants();
    User nobodys =
        plinth.transactReturning(
            all, tx -> plinth.users().in(tx).create(NewUser.withEmail("nobody@nowhere.example")));

    plinth.passwords().set(nobodys.id(), "correct horse battery");
    assertThat(plinth.passwords().verify(nobodys.id(), "correct horse battery"))
        .isInstanceOf(PasswordCheck.Correct.class);
    assertThat(plinth.passwords().logIn("nobody@nowhere.example", "correct horse battery"))
        .isInstanceOf(LogIn.LoggedIn.class);

    plinth.transact(
        all,
        tx ->
            tokens
                .in(tx)
                .store(nobodys.id(), "mail", TokenSet.of("n").expiresIn(Duration.ofHours(1))));
    assertThat(tokens.fresh(nobodys.id(), "mail")).isInstanceOf(Fresh.class);
    assertThat(tokens.forTenant(ACME).fresh(nobodys.id(), "mail")).isNotInstanceOf(Fresh.class);
  }

  @Test
  void connectionWithoutATenant_isNotDismissedByTheHeartbeat() throws Exception {
    TxOptions all = TxOptions.defaults().withAllTenants();
    Set<UUID> dismissed = ConcurrentHashMap.newKeySet();
    try (var subscription = plinth.liveConnections().onDismissed(dismissed::add)) {
      User nobodys =
          plinth.transactReturning(
              all, tx -> plinth.users().in(tx).create(NewUser.withExternalId("connected")));
      UUID id =
          plinth
              .<LiveConnection, RuntimeException>transactReturning(
                  all,
                  tx ->
                      plinth
                          .liveConnections()
                          .in(tx)
                          .register(
                              NewConnection.of(nobodys.id()).withTimeToLive(Duration.ofMinutes(4))))
              .id();
      Instant registered = lastSeen(id);
      // Shortens the pause between heartbeats, which tell of every connection that was seen.
      as(
          ACME,
          tx ->
              plinth
                  .liveConnections()
                  .in(tx)
                  .register(
                      NewConnection.of(users.get(ACME).id())
                          .withTimeToLive(Duration.ofSeconds(1))));
      await()
          .atMost(Duration.ofMinutes(2))
          .until(
              () -> {
                assertThat(plinth.liveConnections().seen(id)).isTrue();
                return lastSeen(id).isAfter(registered);
              });
      assertThat(dismissed).doesNotContain(id);
    }
  }

  private Instant lastSeen(UUID connection) {
    return owner.<Instant, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT last_seen_at FROM plinth.websocket_connections WHERE id = ?",
                    row -> row.getTimestamp(1).toInstant(),
                    connection)
                .get(0));
  }

  @Test
  void forceRowLevelSecurity_owner_isBoundToo() throws Exception {
    String plain = role + "_owner";
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "CREATE ROLE " + plain);
      Sql.execute(connection, "GRANT USAGE, CREATE ON SCHEMA plinth TO " + plain);
      Sql.execute(connection, "ALTER TABLE plinth.sessions OWNER TO " + plain);
      try {
        Sql.execute(connection, "SET ROLE " + plain);
        assertThat(countSessions(connection)).isPositive();
        Sql.execute(connection, "ALTER TABLE plinth.sessions FORCE ROW LEVEL SECURITY");
        assertThat(countSessions(connection)).isZero();
        Sql.execute(connection, "SET plinth.all_tenants = 'on'");
        assertThat(countSessions(connection)).isPositive();
        Sql.execute(connection, "ALTER TABLE plinth.sessions NO FORCE ROW LEVEL SECURITY");
      } finally {
        Sql.execute(connection, "RESET ROLE");
        Sql.execute(connection, "ALTER TABLE plinth.sessions OWNER TO CURRENT_USER");
        Sql.execute(connection, "DROP OWNED BY " + plain);
        Sql.execute(connection, "DROP ROLE " + plain);
      }
    }
  }

  private static long countSessions(Connection connection) {
    return Sql.query(connection, "SELECT count(*) FROM plinth.sessions", row -> row.getLong(1))
        .get(0);
  }

  /** A handler writes in a transaction of the job's tenant. */
  private void run(Work work, JobRun run) {
    if (work.what().equals("fail") && run.epoch() == 1) {
      throw new IllegalStateException("as told");
    }
    if (work.what().equals("forget")) {
      plinth.transact(tx -> run.completeIn(tx));
    }
    if (work.what().equals("charge")) {
      as(
          run.tenantId().orElseThrow(),
          tx -> quotas.in(tx).chargeOrThrow(run.userId().orElseThrow(), "storage_mb", 1));
    }
  }

  /** A user who has something in every module. */
  private User fill(Tx tx) {
    String tenant = tx.tenantId().orElseThrow();
    Connection connection = tx.connection();
    User user = plinth.users().in(tx).create(NewUser.withExternalId(UUID.randomUUID().toString()));
    UUID id = user.id();
    quotas.in(tx).setCap(id, "storage_mb", 8);
    quotas.in(tx).chargeOrThrow(id, "storage_mb", 3);
    assertThat(quotas.in(tx).charge(id, "storage_mb", 100)).isInstanceOf(Decision.Denied.class);
    jobs.in(tx)
        .enqueue(
            WORK,
            new Work("later"),
            JobOptions.defaults().user(id).runAt(Instant.now().plus(Duration.ofDays(300))));
    jobs.in(tx).batch("b").owner(id).create();
    audit.in(tx).record(Action.of("filled").actor(id));
    assertThat(audit.in(tx).timeline(id, PageRequest.first(10)).items()).isNotEmpty();
    tokens.in(tx).store(id, "mail", TokenSet.of("secret").expiresIn(Duration.ofHours(1)));
    keys.put(tenant, plinth.apiKeys().in(tx).issue(NewApiKey.of(KeyOwner.user(id), "k")).reveal());
    sessions.put(tenant, plinth.sessions().in(tx).start(NewSession.of(id)).revealToken());
    Sql.update(
        connection,
        "INSERT INTO plinth.credentials (id, tenant_id, user_id, name, type, encrypted_data) SELECT"
            + " ?, ?, ?, 'mail', 'api_key', access_token FROM plinth.oauth2_tokens WHERE user_id = ?",
        plinth.ids().next(),
        tenant,
        id,
        id);
    Sql.update(
        connection,
        "INSERT INTO plinth.websocket_connections (id, tenant_id, user_id, instance_id, expires_at)"
            + " VALUES (?, ?, ?, ?, now() + interval '1 h')",
        plinth.ids().next(),
        tenant,
        id,
        plinth.ids().next());
    return user;
  }

  private static Provider provider() {
    return Provider.builder("mail")
        .tokenEndpoint("http://127.0.0.1:9/token")
        .revocationEndpoint("http://127.0.0.1:9/revoke")
        .clientId("c")
        .clientAuthentication(ClientAuthentication.NONE)
        .build();
  }

  private <T> T as(String tenant, TxFunction<T, RuntimeException> work) {
    return plinth.transactReturning(TxOptions.defaults().withTenant(tenant), work);
  }

  private long rows(@Nullable String as, String table, String of) {
    return as == null
        ? plinth.transactReturning(tx -> count(tx, table, of))
        : as(as, tx -> count(tx, table, of));
  }

  private static long count(Tx tx, String table, String tenant) {
    return Sql.query(
            tx.connection(),
            "SELECT count(*) FROM plinth." + table + " WHERE tenant_id = ?",
            row -> row.getLong(1),
            tenant)
        .get(0);
  }

  private long pendingJobs() {
    return plinth.<Long, RuntimeException>transactReturning(
        TxOptions.defaults().withAllTenants(),
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'pending' AND"
                        + " coalesce(scheduled_at, now()) < now() + interval '1 day'",
                    row -> row.getLong(1))
                .get(0));
  }

  private List<String> tenantTables() {
    return owner.transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE"
                    + " c.relnamespace = 'plinth'::regnamespace AND a.attname = 'tenant_id' AND"
                    + " c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1",
                row -> row.getString(1)));
  }
}

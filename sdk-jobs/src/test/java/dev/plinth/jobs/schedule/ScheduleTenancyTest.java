package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Under row-level security, as a role that owns nothing. */
class ScheduleTenancyTest {
  private static final JobType<Occurrence> TOLD = JobType.of("told", Occurrence.class);
  private static final TxOptions ACME = TxOptions.defaults().withTenant("acme");
  private static final TxOptions GLOBEX = TxOptions.defaults().withTenant("globex");
  private static final String COUNT = "SELECT count(*) FROM plinth.job_schedules";

  @Test
  void schedules_areTheTenantsOwnAndFireForIt() {
    String role = "schedules_" + UUID.randomUUID().toString().replace("-", "");
    try (TestDatabase database = TestDatabase.create();
        Plinth owner = Plinth.builder().dataSource(database.pool(3)).build()) {
      owner.migrations().migrate();
      owner.migrations().optional("row_level_security").apply();
      owner.transact(
          tx -> {
            Sql.execute(tx.connection(), "CREATE ROLE " + role);
            owner.migrations().grants(role).forEach(grant -> Sql.execute(tx.connection(), grant));
          });
      try {
        asRole(database, role);
      } finally {
        owner.transact(
            tx -> Sql.execute(tx.connection(), "DROP OWNED BY " + role + "; DROP ROLE " + role));
      }
    }
  }

  private static void asRole(TestDatabase database, String role) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setConnectionInitSql("SET ROLE " + role);
    config.setMaximumPoolSize(5);
    ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
    try (HikariDataSource pool = new HikariDataSource(config);
        Plinth plinth =
            Plinth.builder()
                .dataSource(pool)
                .migrationDataSource(database.pool(2))
                .rowLevelSecurity()
                .build();
        Jobs jobs =
            Jobs.builder(plinth)
                .handle(
                    TOLD,
                    (occurrence, run) ->
                        seen.add(run.tenantId().orElse("nobody's") + " " + occurrence.schedule()))
                .pollInterval(Duration.ofMillis(50))
                .build()) {
      jobs.start();
      NewSchedule schedule = NewSchedule.of("s", new Every(Duration.ofSeconds(1)), TOLD);
      plinth.transact(ACME, tx -> jobs.in(tx).schedules().put(schedule));

      assertThat(count(plinth, ACME)).isEqualTo(1);
      assertThat(count(plinth, GLOBEX)).isZero();
      assertThat(count(plinth, TxOptions.defaults())).isZero();
      await().until(() -> seen.contains("acme s"));
      assertThat(seen).containsOnly("acme s");
    }
  }

  private static long count(Plinth plinth, TxOptions options) {
    return plinth.transactReturning(
        options, tx -> Sql.query(tx.connection(), COUNT, row -> row.getLong(1)).get(0));
  }
}

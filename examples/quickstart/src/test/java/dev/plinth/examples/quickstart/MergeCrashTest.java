package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.quota.Quotas;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A merge is killed between any two of its statements: it has happened whole, or not at all. */
@Tag("proof")
@PlinthTest(durable = true)
class MergeCrashTest {
  record Work(int number) {}

  private static final JobType<Work> WORK = JobType.of("work", Work.class);
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));

  private final Plinth plinth;
  private final Quotas quotas;
  private final Jobs jobs;
  private final TestDatabase database;

  MergeCrashTest(Plinth plinth, Jobs jobs, TestDatabase database) {
    this.plinth = plinth;
    this.jobs = jobs;
    this.database = database;
    this.quotas = Quotas.builder(plinth).limit("files", 1_000).build();
  }

  @Test
  void merge_killedBetweenAnyTwoStatements_isWholeOrNothing() throws Exception {
    int statements = countStatements();
    assertThat(statements).isGreaterThan(15);
    int step = LARGE ? 1 : statements / 3;
    int killed = 0;
    for (int at = 1; at <= statements + 1; at += step) {
      UUID from = userWithEverything();
      UUID into = userWithEverything();
      try (ForkedJvm node =
          ForkedJvm.start(
              Merger.class,
              database.url(),
              from.toString(),
              into.toString(),
              Integer.toString(at))) {
        node.await("at " + Math.min(at, statements));
        node.kill();
      }
      // The server may not have noticed yet that its client is gone: locking waits for that.
      User given = plinth.users().patchMetadata(from, Json.emptyObject());
      assertOwners(from, into, given.mergedInto() == null);
      plinth.users().merge(from, into);
      assertOwners(from, into, false);
      killed++;
    }
    System.out.printf("merges killed: %d, of %d statements each%n", killed, statements);
  }

  private void assertOwners(UUID from, UUID into, boolean apart) {
    assertThat(used(from)).isEqualTo(apart ? 3 : 0);
    assertThat(used(into)).isEqualTo(apart ? 3 : 6);
    assertThat(jobsOf(from)).isEqualTo(apart ? 1 : 0);
    assertThat(jobsOf(into)).isEqualTo(apart ? 1 : 2);
  }

  private UUID userWithEverything() {
    return plinth.transactReturning(
        tx -> {
          UUID id =
              plinth
                  .users()
                  .in(tx)
                  .create(NewUser.withExternalId(UUID.randomUUID().toString()))
                  .id();
          quotas.in(tx).chargeOrThrow(id, "files", 3);
          jobs.in(tx).enqueue(WORK, new Work(1), JobOptions.defaults().user(id));
          return id;
        });
  }

  private int countStatements() {
    AtomicInteger count = new AtomicInteger();
    UUID from = userWithEverything();
    UUID into = userWithEverything();
    try (Plinth counting =
        Plinth.builder()
            .connectionSource(() -> watched(database.connect(), count::incrementAndGet))
            .build()) {
      counting.users().merge(from, into);
    }
    return count.get();
  }

  private long used(UUID user) {
    return number(
        "SELECT coalesce(sum(used), 0) / 1000000 FROM plinth.user_usage WHERE user_id = ?", user);
  }

  private long jobsOf(UUID user) {
    return number("SELECT count(*) FROM plinth.computational_jobs WHERE user_id = ?", user);
  }

  private long number(String sql, UUID user) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> row.getLong(1), user).get(0));
  }

  /** Calls back before every statement and every commit. */
  private static Connection watched(Connection connection, Runnable before) {
    return (Connection)
        Proxy.newProxyInstance(
            MergeCrashTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("commit")) {
                before.run();
              }
              Object result = call(method, connection, arguments);
              return result instanceof Statement statement ? watched(statement, before) : result;
            });
  }

  private static Statement watched(Statement statement, Runnable before) {
    Class<?> type =
        statement instanceof PreparedStatement ? PreparedStatement.class : Statement.class;
    return (Statement)
        Proxy.newProxyInstance(
            MergeCrashTest.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("execute")) {
                before.run();
              }
              return call(method, statement, arguments);
            });
  }

  private static Object call(Method method, Object target, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Merges, and waits to be killed before the statement of the given number. */
  static final class Merger {
    private Merger() {}

    public static void main(String[] args) throws Exception {
      int last = Integer.parseInt(args[3]);
      AtomicInteger count = new AtomicInteger();
      try (Plinth plinth =
          Plinth.builder()
              .connectionSource(
                  () ->
                      watched(
                          DriverManager.getConnection(args[0]),
                          () -> {
                            if (count.incrementAndGet() == last) {
                              halt(last);
                            }
                          }))
              .build()) {
        plinth.users().merge(UUID.fromString(args[1]), UUID.fromString(args[2]));
        halt(count.get());
      }
    }

    private static void halt(int at) {
      ForkedJvm.report("at " + at);
      while (true) {
        LockSupport.parkNanos(Long.MAX_VALUE);
      }
    }
  }
}

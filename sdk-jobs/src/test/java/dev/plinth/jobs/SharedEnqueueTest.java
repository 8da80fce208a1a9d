package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Threads that enqueue outside of any transaction share one; each must get what is its own. */
@PlinthTest
class SharedEnqueueTest {
  private static final int THREADS = 12;
  private static final int EACH = 60;

  private Jobs jobs;
  private ExecutorService threads;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
    threads = Executors.newFixedThreadPool(THREADS);
  }

  @AfterEach
  void invariantsHold() {
    threads.shutdownNow();
    assertThat(jobs.check()).isEmpty();
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  @Test
  void manyThreads_eachGetsTheIdOfItsOwnJob(Plinth plinth) throws Exception {
    plinth.start();
    UUID user = plinth.users().create(NewUser.withExternalId("u")).id();
    CountDownLatch begin = new CountDownLatch(1);
    List<Future<Map<JobId, Integer>>> enqueued = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      int thread = t;
      JobKind<Number> kind = t % 2 == 0 ? Kinds.PLAIN : Kinds.OTHER;
      JobOptions options =
          t % 3 == 0 ? JobOptions.defaults().user(user) : JobOptions.defaults().priority(t);
      Callable<Map<JobId, Integer>> work =
          () -> {
            Map<JobId, Integer> mine = new HashMap<>();
            begin.await();
            for (int i = 0; i < EACH; i++) {
              int value = thread * EACH + i;
              mine.put(jobs.enqueue(kind, new Number(value), options), value);
            }
            return mine;
          };
      enqueued.add(threads.submit(work));
    }
    begin.countDown();

    Map<JobId, Integer> all = new HashMap<>();
    for (Future<Map<JobId, Integer>> one : enqueued) {
      all.putAll(get(one));
    }

    assertThat(all).hasSize(THREADS * EACH);
    all.forEach(
        (id, value) -> {
          int thread = value / EACH;
          Job job = jobs.find(id).orElseThrow();
          assertThat(plinth.json().read(job.args(), Number.class).value()).isEqualTo(value);
          assertThat(job.type()).isEqualTo(thread % 2 == 0 ? "plain" : "other");
          assertThat(job.userId()).isEqualTo(thread % 3 == 0 ? user : null);
        });
  }

  @Test
  void unknownUserAmongOthers_failsAlone(Plinth plinth) throws Exception {
    UUID nobody = plinth.ids().next();
    List<Future<JobId>> good = new ArrayList<>();
    List<Future<JobId>> bad = new ArrayList<>();
    for (int i = 0; i < THREADS * 4; i++) {
      Number number = new Number(i);
      JobOptions options = i % 4 == 0 ? JobOptions.defaults().user(nobody) : JobOptions.defaults();
      (i % 4 == 0 ? bad : good)
          .add(threads.submit(() -> jobs.enqueue(Kinds.PLAIN, number, options)));
    }

    for (Future<JobId> one : good) {
      assertThat(jobs.find(get(one))).isPresent();
    }
    for (Future<JobId> one : bad) {
      assertThatThrownBy(() -> get(one)).hasCauseInstanceOf(UnknownUserException.class);
    }
    assertThat(jobs.list(JobFilter.all(), Page.first(100))).hasSize(good.size());
  }

  @Test
  void userIsBeingChanged_onlyItsOwnJobsWait(Plinth plinth) throws Exception {
    UUID user = plinth.users().create(NewUser.withExternalId("u")).id();
    Future<JobId> waits =
        plinth.transactReturning(
            tx -> {
              Sql.query(
                  tx.connection(),
                  "SELECT 1 FROM plinth.users WHERE id = ? FOR UPDATE",
                  row -> row.getInt(1),
                  user);
              Future<JobId> ofUser =
                  threads.submit(
                      () ->
                          jobs.enqueue(
                              Kinds.PLAIN, new Number(1), JobOptions.defaults().user(user)));
              await()
                  .until(
                      () ->
                          plinth.diagnostics().lockWaits().stream().findAny().isPresent()
                              || ofUser.isDone());
              JobId other = get(threads.submit(() -> jobs.enqueue(Kinds.PLAIN, new Number(2))));
              assertThat(jobs.find(other)).isPresent();
              assertThat(ofUser).isNotDone();
              return ofUser;
            });

    assertThat(jobs.find(get(waits)).orElseThrow().userId()).isEqualTo(user);
  }

  @Test
  void inTransactionThatRollsBack_leavesNothing(Plinth plinth) {
    List<JobId> ids = new ArrayList<>();
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      ids.add(jobs.enqueue(Kinds.PLAIN, new Number(1)));
                      assertThat(jobs.find(ids.get(0))).isPresent();
                      throw new IllegalStateException("the host changes its mind");
                    }))
        .hasMessage("the host changes its mind");

    assertThat(jobs.find(ids.get(0))).isEmpty();
  }

  /** Round trips are what an enqueuing costs a caller far away from its database. */
  @Test
  void alone_isOneRoundTrip_withTheHintToOtherNodesInIt(TestDatabase database, Plinth near)
      throws Exception {
    near.start();
    await().until(near.notifications()::isConnected);
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    near.notifications().subscribe("jobs.ready", heard::add);
    try (FaultyProxy network = FaultyProxy.to(database);
        HikariDataSource pool = pool(network);
        Plinth far = Plinth.builder().dataSource(pool).build()) {
      Jobs away = Jobs.builder(far).build();
      away.enqueue(Kinds.PLAIN, new Number(0));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("default");
      long before = network.roundTrips();

      for (int i = 1; i <= 10; i++) {
        away.enqueue(Kinds.PLAIN, new Number(i));
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("default");
      }

      assertThat(network.roundTrips() - before).isEqualTo(10);
    }
    assertThat(jobs.list(JobFilter.all(), Page.first(100))).hasSize(11);
  }

  @Test
  void connectionLost_jobIsFoundByItsIdOrTheOutcomeIsUnknown(TestDatabase database)
      throws Exception {
    for (FaultyProxy.Loss loss : FaultyProxy.Loss.values()) {
      int before = jobs.list(JobFilter.all(), Page.first(100)).size();
      try (FaultyProxy network = FaultyProxy.to(database);
          HikariDataSource pool = pool(network);
          Plinth far = Plinth.builder().dataSource(pool).build()) {
        Jobs away = Jobs.builder(far).build();
        network.loseNextStatement("job_ready", loss);

        if (loss == FaultyProxy.Loss.AFTER_IT_HAPPENED) {
          JobId found = away.enqueue(Kinds.PLAIN, new Number(1));
          assertThat(jobs.list(JobFilter.all(), Page.first(100)))
              .hasSize(before + 1)
              .extracting(Job::id)
              .contains(found);
        } else {
          assertThatThrownBy(() -> away.enqueue(Kinds.PLAIN, new Number(1)))
              .isInstanceOf(OutcomeUnknownException.class)
              .hasMessageContaining("while job ");
          assertThat(jobs.list(JobFilter.all(), Page.first(100))).hasSize(before);
        }
        assertThat(network.isLossPending()).isFalse();
        away.enqueue(Kinds.PLAIN, new Number(2));
      }
    }
  }

  private static HikariDataSource pool(FaultyProxy network) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(1);
    return new HikariDataSource(config);
  }
}

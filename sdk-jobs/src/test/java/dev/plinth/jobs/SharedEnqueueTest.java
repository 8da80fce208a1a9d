package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
}

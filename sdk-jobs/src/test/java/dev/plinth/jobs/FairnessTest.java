package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What one user's many jobs cost another user's single one. */
@Tag("proof")
@PlinthTest
class FairnessTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int SHARE = 20;

  private final List<Jobs> running = new ArrayList<>();
  private final AtomicInteger ofTheMany = new AtomicInteger();
  private final AtomicInteger before = new AtomicInteger(-1);
  private final AtomicLong ranAt = new AtomicLong();
  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void inject(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
  }

  @AfterEach
  void stop() {
    running.forEach(Jobs::close);
    assertThat(jobs.check()).isEmpty();
  }

  private void startNodes(TestNodes nodes) {
    startNode(nodes, "node-0", "default");
    startNode(nodes, "node-1", "default");
  }

  /** Jobs with the number 1 are the single ones. */
  private void startNode(TestNodes nodes, String name, String queue) {
    Jobs node =
        Jobs.builder(nodes.start(name).plinth())
            .queue(queue)
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  if (args.value() == 1) {
                    before.set(ofTheMany.get());
                    ranAt.set(System.nanoTime());
                  } else {
                    ofTheMany.incrementAndGet();
                  }
                })
            .workers(4)
            .pollInterval(Duration.ofMillis(50))
            .build();
    node.start();
    running.add(node);
  }

  private UUID user(String name) {
    return plinth.users().create(NewUser.withEmail(name + "@example.org")).id();
  }

  private void enqueueMany(UUID user, int count) {
    for (int from = 0; from < count; from += 10_000) {
      jobs.enqueueAll(
          Kinds.PLAIN,
          IntStream.range(0, Math.min(10_000, count - from)).mapToObj(i -> new Number(0)).toList(),
          JobOptions.defaults().user(user));
    }
  }

  /** Returns how many of the others' jobs began between the single job's commit and its start. */
  private int single(UUID user) {
    before.set(-1);
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().user(user));
    int atCommit = ofTheMany.get();
    await().until(() -> before.get() >= 0);
    return before.get() - atCommit;
  }

  /**
   * Returns how many of the others' jobs were claimed between the single job's commit and its
   * claim. Counted by claims: what one node has claimed may wait for a processor while others go
   * on.
   */
  private long claimedBefore(UUID user) {
    before.set(-1);
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().user(user));
    String committed =
        plinth
            .<List<String>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        "SELECT statement_timestamp()::text",
                        row -> row.getString(1)))
            .get(0);
    await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    return AtWork.number(
        plinth,
        """
        SELECT count(*)
        FROM (
          SELECT started_at AS at FROM plinth.computational_jobs WHERE status = 'completed'
          UNION ALL
          SELECT claimed_at FROM plinth.job_leases
        ) claims
        WHERE at > '%s'
          AND at < (SELECT started_at FROM plinth.computational_jobs WHERE id = '%s')
        """
            .formatted(committed, id));
  }

  @Test
  void singleJob_waitsForAtMostTwoSharesOfAnotherUser(TestNodes nodes) {
    startNode(nodes, "node-0", "default");
    // Only takes turns at the gate: one node's claims follow one another, so that their times tell
    // exactly which of them saw the single job.
    startNode(nodes, "node-1", "elsewhere");

    // One share that was let through already, and one by a turn at the gate that was under way.
    assertThat(claimedBeforeEach()).allMatch(count -> count <= 2 * SHARE);
  }

  @Test
  void singleJob_twoNodesClaim_waitsForNoMore(TestNodes nodes) {
    startNodes(nodes);

    // A claim is dated when its statement arrives, not when it sees who is in line: one more share.
    assertThat(claimedBeforeEach()).allMatch(count -> count <= 3 * SHARE);
  }

  /** Of some single jobs, one after another, behind very many of another user. */
  private List<Long> claimedBeforeEach() {
    int many = LARGE ? 1_000_000 : 50_000;
    jobs.limits().set(Limit.queue("default").fair(SHARE));
    UUID busy = user("busy");
    UUID modest = user("modest");
    long begun = System.nanoTime();
    single(modest);
    long alone = ranAt.get() - begun;

    enqueueMany(busy, many);
    await().until(() -> ofTheMany.get() > 2 * SHARE);
    int through = ofTheMany.get();
    long since = System.nanoTime();
    List<Long> waited = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      long at = System.nanoTime();
      waited.add(claimedBefore(modest));
      times.add((ranAt.get() - at) / 1_000_000);
      assertThat(AtWork.number(plinth, "SELECT count(*) FROM plinth.job_parked")).isPositive();
    }

    System.out.printf(
        "a single job alone: %d ms; behind %,d jobs of another user, of which %s were claimed before it:"
            + " %s ms; %,d jobs a second through the gate meanwhile%n",
        alone / 1_000_000,
        many,
        waited,
        times,
        (ofTheMany.get() - through) * 1_000_000_000L / (System.nanoTime() - since));
    return waited;
  }

  @Test
  void usersWithManyJobs_haveTheirTurns(TestNodes nodes) {
    jobs.limits().set(Limit.queue("default").maxRunning(1).fair(SHARE));
    jobs.queues().pause("default", "until all are in line");
    UUID modest = user("modest");
    for (int i = 0; i < 4; i++) {
      enqueueMany(user("busy-" + i), 500);
    }
    startNodes(nodes);
    jobs.queues().resume("default");
    await().until(() -> ofTheMany.get() > 8);

    for (int i = 0; i < 5; i++) {
      // One job of each other user at most, where only one job runs at a time; and what a turn at
      // the gate had let through when the job came.
      assertThat(single(modest)).isLessThanOrEqualTo(4 + 2);
    }
  }
}

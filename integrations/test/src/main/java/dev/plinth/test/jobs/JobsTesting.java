package dev.plinth.test.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobKind;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.ManualRun;
import dev.plinth.jobs.Page;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Jobs under test: runs them on the calling thread, moves their time, and tells what is enqueued.
 *
 * <pre>{@code
 * @PlinthTest
 * class ShopTest {
 *   private final Shop shop;
 *   private final JobsTesting jobs;
 *
 *   ShopTest(Plinth plinth, SettableClock clock) {
 *     Jobs built = Shop.jobs(plinth);       // with its handlers, not started
 *     this.shop = new Shop(plinth, built);
 *     this.jobs = JobsTesting.of(plinth, built, clock);
 *   }
 *
 *   @Test
 *   void order_isShippedAndReviewedLater() {
 *     OrderId order = shop.order("tea");
 *     jobs.assertEnqueued(Shop.SHIP).withArgs(new Ship(order)).once();
 *     jobs.drain().requireCompleted();
 *     jobs.advance(Duration.ofDays(3));
 *     assertThat(jobs.drain().of(Shop.ASK_FOR_REVIEW).count()).isEqualTo(1);
 *   }
 * }
 * }</pre>
 *
 * <p>Jobs run with the statements that production runs them with: same claims, fences, attempts and
 * retries, one after another and without threads. A retry waits for its time to come, so it takes
 * {@link #advance} or {@link #drainToTheEnd()}. Safe for use by many threads, one at a time.
 */
public final class JobsTesting {
  private static final int MOST = 10_000;
  private static final int LEAPS = 1_000;

  private final Plinth plinth;
  private final Jobs jobs;
  private final SettableClock clock;

  private JobsTesting(Plinth plinth, Jobs jobs, SettableClock clock) {
    this.plinth = plinth;
    this.jobs = jobs;
    this.clock = clock;
  }

  /**
   * For a {@code Jobs} that is not started.
   *
   * @param plinth what it was built with
   * @param jobs to be run here; with handlers, unless only {@code assertEnqueued} and the like are
   *     called
   * @param clock of the test's database
   */
  public static JobsTesting of(Plinth plinth, Jobs jobs, SettableClock clock) {
    return new JobsTesting(
        Args.notNull(plinth, "plinth"), Args.notNull(jobs, "jobs"), Args.notNull(clock, "clock"));
  }

  /** Runs the next job that is due; empty when none is. */
  public synchronized Optional<RanJob> runOne() {
    return jobs.runManually().runOne().map(this::ran);
  }

  private RanJob ran(ManualRun run) {
    Job job =
        jobs.find(run.id())
            .orElseThrow(() -> new AssertionError("Job " + run.id() + " is gone after its run"));
    @Nullable Attempt recorded =
        jobs.attempts(run.id()).stream()
            .filter(attempt -> attempt.epoch() == run.epoch())
            .findFirst()
            .orElse(null);
    return new RanJob(job, recorded);
  }

  /**
   * Runs every job that is due, and those that they enqueue, until none is.
   *
   * @throws AssertionError after 10,000 runs, since jobs that enqueue each other have no end
   */
  public Drained drain() {
    return drain(MOST);
  }

  /**
   * As {@link #drain()}, with a bound of one's own.
   *
   * @throws AssertionError when another one is due after so many runs
   */
  public synchronized Drained drain(int atMost) {
    Args.range(atMost, 1, Integer.MAX_VALUE, "atMost");
    List<RanJob> runs = new ArrayList<>();
    for (Optional<RanJob> run = runOne(); run.isPresent(); run = runOne()) {
      if (runs.size() == atMost) {
        throw new AssertionError(
            "Jobs are still due after "
                + atMost
                + " runs; the last ones were\n"
                + new Drained(runs.subList(Math.max(0, runs.size() - 10), runs.size())));
      }
      runs.add(run.get());
    }
    return new Drained(runs);
  }

  /**
   * Runs due jobs one by one until the condition holds, which is asked before each.
   *
   * @throws AssertionError when none is due any more and it still does not hold
   */
  public synchronized Drained drainUntil(BooleanSupplier condition) {
    Args.notNull(condition, "condition");
    List<RanJob> runs = new ArrayList<>();
    while (!condition.getAsBoolean()) {
      Optional<RanJob> run = runOne();
      if (run.isEmpty() || runs.size() == MOST) {
        throw new AssertionError(
            "The condition does not hold after these runs:\n"
                + new Drained(runs)
                + "\n"
                + EnqueuedJobs.told(enqueued()));
      }
      runs.add(run.get());
    }
    return new Drained(runs);
  }

  /**
   * Runs every job there is to its end: whenever none is due, moves the clock to when the next one
   * is, be it scheduled or waiting out a backoff.
   *
   * @throws AssertionError when the clock was moved a thousand times and there still are some
   */
  public synchronized Drained drainToTheEnd() {
    Drained all = drain();
    for (int leap = 0; leap < LEAPS; leap++) {
      Optional<Instant> next = nextRunAt();
      if (next.isEmpty()) {
        return all;
      }
      if (next.get().isAfter(clock.instant())) {
        clock.set(next.get());
      }
      all = all.and(drain());
    }
    throw new AssertionError(
        "Jobs are still waiting after the clock was moved "
            + LEAPS
            + " times\n"
            + EnqueuedJobs.told(enqueued()));
  }

  private Optional<Instant> nextRunAt() {
    return Stream.of(JobStatus.SCHEDULED, JobStatus.RETRYING)
        .flatMap(status -> all(JobFilter.all().status(status)).stream())
        .map(Job::runAt)
        .filter(Objects::nonNull)
        .min(Instant::compareTo);
  }

  /**
   * Moves the clock of the database and of every Plinth on it, and makes the jobs ready whose time
   * has come; runs none.
   */
  public synchronized void advance(Duration by) {
    clock.advance(by);
    jobs.runManually().sweep();
  }

  /**
   * Claims that at least one job of this kind is enqueued: in the current transaction's view, and
   * not ended. What follows narrows that down; every step asserts by itself.
   */
  public <A> EnqueuedJobs<A> assertEnqueued(JobKind<A> kind) {
    Args.notNull(kind, "kind");
    List<Job> all = enqueued();
    return new EnqueuedJobs<>(plinth.json(), kind, all);
  }

  /** Claims that no job of this kind is enqueued. */
  public void refuteEnqueued(JobKind<?> kind) {
    List<Job> found = enqueued().stream().filter(EnqueuedJobs.isOf(kind)).toList();
    if (!found.isEmpty()) {
      throw new AssertionError(
          "No job "
              + kind.name()
              + " should be enqueued, but there are:\n"
              + EnqueuedJobs.listed(found));
    }
  }

  /** Claims that no job of this kind is enqueued with these arguments. */
  public <A> void refuteEnqueued(JobKind<A> kind, A args) {
    Args.notNull(args, "args");
    List<Job> found =
        enqueued().stream()
            .filter(EnqueuedJobs.isOf(kind))
            .filter(EnqueuedJobs.hasArgs(plinth.json(), kind, args))
            .toList();
    if (!found.isEmpty()) {
      throw new AssertionError(
          "No job "
              + kind.name()
              + " with "
              + args
              + " should be enqueued, but there are:\n"
              + EnqueuedJobs.listed(found));
    }
  }

  /** Claims that no job is enqueued at all. */
  public void assertNothingEnqueued() {
    List<Job> found = enqueued();
    if (!found.isEmpty()) {
      throw new AssertionError(
          "No job should be enqueued, but there are:\n" + EnqueuedJobs.listed(found));
    }
  }

  /** Every job that has not ended, the oldest first. */
  public List<Job> enqueued() {
    List<Job> found = new ArrayList<>(all(JobFilter.all()));
    found.removeIf(job -> job.completedAt() != null);
    Collections.reverse(found);
    return found;
  }

  private List<Job> all(JobFilter filter) {
    List<Job> found = new ArrayList<>();
    Page page = Page.first(1_000);
    List<Job> some = jobs.list(filter, page);
    while (!some.isEmpty()) {
      found.addAll(some);
      some =
          some.size() < page.limit()
              ? List.of()
              : jobs.list(filter, page.after(some.get(some.size() - 1).id()));
    }
    return found;
  }
}

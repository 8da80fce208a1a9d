package dev.plinth.examples.quickstart.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.schedule.Schedule;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The chapter: enqueues a graph over the files, lets another process work on it and kills that
 * half-way, finishes it here, and shows schedules, limits, a paused queue and what {@code explain}
 * says. It checks its own result.
 */
public final class JobsChapter {
  /** How long a process may be silent until its jobs run elsewhere; the same for all. */
  public static final Duration TIME_TO_LIVE = Duration.ofSeconds(4);

  private static final Duration MOST = Duration.ofMinutes(2);

  private final PrintStream out;
  private final boolean terminal;
  private final Plinth plinth;
  private final Map<String, String> database;
  private final Patience patience = new Patience(MOST);

  /**
   * On a migrated schema.
   *
   * @param out where to tell what happens
   * @param terminal whether that is a terminal
   * @param plinth not started, with {@link #TIME_TO_LIVE} for its instances
   * @param database the same database, for the other process
   */
  public JobsChapter(PrintStream out, boolean terminal, Plinth plinth, Database database) {
    this.out = out;
    this.terminal = terminal;
    this.plinth = plinth;
    this.database = database.environment();
  }

  /**
   * Where another process finds the database.
   *
   * @param url by JDBC
   * @param user or null
   * @param password or null
   */
  public record Database(String url, @Nullable String user, @Nullable String password) {
    private Map<String, String> environment() {
      Map<String, String> environment = new HashMap<>();
      environment.put(DoomedWorker.URL, url);
      if (user != null) {
        environment.put(DoomedWorker.USER, user);
      }
      if (password != null) {
        environment.put(DoomedWorker.PASSWORD, password);
      }
      return environment;
    }
  }

  /** Runs it; true when all is as it should be. */
  public boolean run(Path root, List<String> paths, int workers)
      throws IOException, SQLException, InterruptedException {
    Verdict verdict = new Verdict(out);
    Hashes hashes = new Hashes(plinth);
    hashes.createTable();
    Errands errands = new Errands(out, patience);
    try (Jobs jobs =
        errands
            .addTo(new FileHandlers(plinth, () -> {}).addTo(Jobs.builder(plinth)))
            .workers(workers)
            .gracePeriod(Duration.ofSeconds(5))
            .build()) {
      ClockChanges clocks = new ClockChanges(jobs.schedules(), out);
      try {
        clocks.show(verdict);
        out.printf("%nA graph: scan, hash each of %d files, combine.%n", paths.size());
        FileGraph graph = FileGraph.enqueue(root, paths, jobs);
        graph.explainLast(out, verdict);
        crash(paths.size());

        Schedule pulse = errands.schedule(jobs);
        jobs.start();
        recover(jobs, graph);
        errands.limited(jobs, verdict);
        errands.paused(jobs, verdict);
        verdict.check("attempts were lost with the worker: " + graph.lost(), graph.lost() > 0);
        errands.fired(jobs, pulse, verdict);
        graph.verify(hashes, out, verdict);
        verdict.check("jobs.check() finds nothing", jobs.check().isEmpty());
      } finally {
        errands.tidy(jobs);
        clocks.delete();
      }
    }
    out.println(verdict.isGood() ? "All is as it should be." : "Something is WRONG.");
    return verdict.isGood();
  }

  private void crash(int files) throws IOException, InterruptedException {
    int finished = files / 3;
    int underWay = Math.min(DoomedWorker.WORKERS, files - finished);
    long pid = new Crash(database).happen(finished, underWay);
    out.printf(
        "A worker process (%d) has hashed %d files, was at work on %d more, and was killed.%n%n",
        pid, finished, underWay);
  }

  /** Shows the queues until the last job of the graph has ended. */
  private void recover(Jobs jobs, FileGraph graph) throws InterruptedException {
    out.println(
        "Its jobs run here once it has been silent for " + TIME_TO_LIVE.toSeconds() + " s:");
    QueueTable table = new QueueTable(out, terminal);
    patience.until(
        "the graph has ended",
        () -> {
          table.show(jobs.statistics());
          return graph.last();
        },
        JobsChapter::hasEnded);
    out.println();
  }

  private static boolean hasEnded(Job job) {
    return switch (job.status()) {
      case COMPLETED, FAILED, CANCELLED -> true;
      default -> false;
    };
  }
}

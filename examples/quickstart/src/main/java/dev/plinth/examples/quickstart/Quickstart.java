package dev.plinth.examples.quickstart;

import dev.plinth.audit.AuditLog;
import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthException;
import dev.plinth.core.identity.User;
import dev.plinth.examples.quickstart.jobs.JobsChapter;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.Jobs;
import dev.plinth.oauth.Provider;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Quotas;
import dev.plinth.quota.Window;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The command line: wires a host's database, Plinth and its modules together, runs the scan and
 * tells what happened.
 */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    version = "Plinth quickstart 0.1.0-SNAPSHOT",
    description =
        "Every file of a folder becomes a job that reads it and stores its SHA-256, size, line count and media type;"
            + " jobs, quotas, audit and tokens share one transaction.",
    footer = {
      "",
      "It starts an embedded PostgreSQL, or uses the one named by PLINTH_JDBC_URL, PLINTH_JDBC_USER and"
          + " PLINTH_JDBC_PASSWORD. Kill it half-way and start it again on the same database: it finishes the scan,"
          + " every file exactly once. Folders named .git and target are passed over."
    })
public final class Quickstart implements Callable<Integer> {
  private static final String JOBS = "jobs";
  private static final int POOL_SIZE = 10;
  private static final long ADAS_FILES = 1_000_000;

  @Parameters(
      arity = "0..1",
      paramLabel = "FOLDER",
      description = "the folder to read (default: the repository itself)")
  private @Nullable Path folder;

  @Option(
      names = "--keep",
      description = "leave the embedded PostgreSQL running and show its address")
  private boolean keep;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "8",
      description = "files read at once, 1 to 64 (default: ${DEFAULT-VALUE})")
  private int workers;

  @Option(
      names = "--pace",
      paramLabel = "MILLIS",
      defaultValue = "0",
      description =
          "make each file take longer, to have time for killing (default: ${DEFAULT-VALUE})")
  private long pace;

  @Option(
      names = "--chapter",
      paramLabel = "NAME",
      description =
          "show one thing by itself; jobs: a graph over the files, steps, a schedule, limits, a paused queue, and a"
              + " process that is killed half-way")
  private @Nullable String chapter;

  private final PrintStream out;
  private final boolean terminal;

  private Quickstart(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Runs the quickstart and exits with 0, or with 1 and one line about what went wrong. */
  public static void main(String[] args) {
    PrintStream err = System.err;
    CommandLine command =
        new CommandLine(new Quickstart(System.out, Boolean.getBoolean("quickstart.terminal")));
    command.setExecutionExceptionHandler(
        (failure, line, parsed) -> {
          if (failure instanceof UserError || failure instanceof PlinthException) {
            err.println("quickstart: " + HostDatabase.firstLine(failure));
          } else {
            failure.printStackTrace(err);
          }
          return 1;
        });
    System.exit(command.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (workers < 1 || workers > 64) {
      throw new UserError("--workers must be between 1 and 64, but is " + workers);
    }
    if (pace < 0 || pace > 60_000) {
      throw new UserError("--pace must be between 0 and 60000, but is " + pace);
    }
    if (chapter != null && !chapter.equals(JOBS)) {
      throw new UserError("--chapter must be jobs, but is " + chapter);
    }
    Path root = folder().toAbsolutePath().normalize();
    List<String> paths = FolderFiles.list(root);
    try (HostDatabase database = HostDatabase.open(System.getenv(), keep, POOL_SIZE);
        Plinth plinth =
            Plinth.builder()
                .dataSource(database.pool())
                .keys(ExampleKeys.get(System.getenv()))
                .instanceTimeToLive(JobsChapter.TIME_TO_LIVE)
                .build()) {
      out.printf(
          "PostgreSQL %s%s, %s%n",
          database.version(), database.isEmbedded() ? " (embedded)" : "", database.address());
      plinth.migrations().migrate();
      boolean good =
          chapter == null
              ? scan(plinth, root, paths)
              : new JobsChapter(out, terminal, plinth, database.forOthers())
                  .run(root, paths, workers);
      if (keep) {
        out.printf("%nThe database is kept: %s%n", database.address());
      }
      return good ? 0 : 1;
    }
  }

  private boolean scan(Plinth plinth, Path root, List<String> paths)
      throws SQLException, InterruptedException {
    try (Catalogue catalogue = Catalogue.start();
        AuditLog audit = AuditLog.create(plinth);
        Quotas quotas = quotas(plinth);
        Tokens tokens = tokens(plinth, catalogue)) {
      scan(plinth, audit, quotas, tokens, catalogue, root, paths);
      return true;
    }
  }

  private void scan(
      Plinth plinth,
      AuditLog audit,
      Quotas quotas,
      Tokens tokens,
      Catalogue catalogue,
      Path root,
      List<String> paths)
      throws SQLException, InterruptedException {
    ScanFile handler =
        new ScanFile(
            plinth,
            quotas,
            audit,
            tokens,
            new MediaTypes(catalogue.uri("/")),
            Duration.ofMillis(pace));
    try (Jobs jobs = Jobs.builder(plinth).handle(ScanFile.TYPE, handler).workers(workers).build()) {
      Scans scans = new Scans(plinth, jobs, quotas, audit, tokens);
      scans.createTable();
      List<String> bobs = paths.subList(0, Math.min(paths.size(), 25));
      User ada = scans.user("ada", ADAS_FILES, catalogue);
      User bob = scans.user("bob", Math.max(1, bobs.size() * 2 / 5), catalogue);
      Scans.Scan large = scans.begin(ada, root.toString(), paths);
      Scans.Scan small = scans.begin(bob, root.toString(), bobs);
      out.printf(
          "%s %d files of %s for ada, and %d of them for bob, who may have only %d%n%n",
          large.resumed() ? "Going on with" : "Reading",
          scans.state(large).total(),
          root,
          scans.state(small).total(),
          Math.max(1, bobs.size() * 2 / 5));

      plinth.start();
      jobs.start();
      await(scans, large, small);
      new Report(out, plinth, jobs, quotas, audit, tokens, catalogue).print(scans, large, small);
    }
  }

  /** Shows the way until both batches have ended. */
  private void await(Scans scans, Scans.Scan large, Scans.Scan small) throws InterruptedException {
    ProgressLine line = new ProgressLine(out, terminal);
    while (true) {
      Batch a = scans.state(large);
      Batch b = scans.state(small);
      line.show(a.completed() + b.completed(), a.failed() + b.failed(), a.total() + b.total());
      if (a.isFinished() && b.isFinished()) {
        line.end();
        return;
      }
      Thread.sleep(100);
    }
  }

  private Path folder() {
    if (folder != null) {
      return folder;
    }
    return Path.of(System.getProperty("quickstart.folder", "."));
  }

  private static Quotas quotas(Plinth plinth) {
    return Quotas.builder(plinth)
        .limit("files", ADAS_FILES, Window.gauge())
        .limit("storage_mb", 1_000_000, Window.gauge())
        .limit("cpu_seconds", 36_000, Window.perHour())
        .build();
  }

  private static Tokens tokens(Plinth plinth, Catalogue catalogue) {
    return Tokens.builder(plinth)
        .provider(
            Provider.builder(Scans.PROVIDER)
                .tokenEndpoint(catalogue.uri("/token"))
                .clientId(Catalogue.CLIENT_ID)
                .clientSecret(Catalogue.CLIENT_SECRET)
                .build())
        .build();
  }
}

package dev.plinth.examples.quickstart;

import dev.plinth.audit.Action;
import dev.plinth.audit.AuditLog;
import dev.plinth.audit.Outcome;
import dev.plinth.core.Plinth;
import dev.plinth.jobs.JobFunction;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.ResultJobType;
import dev.plinth.jobs.RetryPolicy;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Charge;
import dev.plinth.quota.Decision;
import dev.plinth.quota.Quotas;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * The job: reads one file, asks the catalogue for its media type, and then, in one transaction,
 * charges its owner, records what was done and completes the job with its result. Whatever happens
 * to the process, each file is charged, recorded and finished exactly once.
 */
final class ScanFile implements JobFunction<ScanArgs, FileFacts> {
  static final ResultJobType<ScanArgs, FileFacts> TYPE =
      JobType.of("scan-file", ScanArgs.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withMaxAttempts(3)
                  .withRetryable(failure -> !(failure instanceof QuotaDenied)))
          .returning(FileFacts.class);

  private static final int MAX_RESOURCE_ID = 255;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final Plinth plinth;
  private final Quotas quotas;
  private final AuditLog audit;
  private final Tokens tokens;
  private final MediaTypes mediaTypes;
  private final Duration pace;

  ScanFile(
      Plinth plinth,
      Quotas quotas,
      AuditLog audit,
      Tokens tokens,
      MediaTypes mediaTypes,
      Duration pace) {
    this.plinth = plinth;
    this.quotas = quotas;
    this.audit = audit;
    this.tokens = tokens;
    this.mediaTypes = mediaTypes;
    this.pace = pace;
  }

  @Override
  public FileFacts run(ScanArgs args, JobRun run) throws IOException, InterruptedException {
    long cpuAtStart = threads.getCurrentThreadCpuTime();
    UUID owner = run.userId().orElseThrow();
    FileFacts read = FileFacts.read(Path.of(args.folder()), args.path());
    String token = tokens.fresh(owner, Scans.PROVIDER).orElseThrow().accessToken().value();
    String mediaType = mediaTypes.of(args.path(), token);
    if (!pace.isZero()) {
      Thread.sleep(pace.toMillis());
    }
    Duration cpu =
        Duration.ofNanos(Math.max(1_000, threads.getCurrentThreadCpuTime() - cpuAtStart));
    FileFacts facts = read.with(mediaType, cpu.toMillis());

    Decision decision =
        plinth.transactReturning(
            tx -> {
              Decision charge = quotas.in(tx).charge(owner, chargeFor(facts, cpu));
              audit.in(tx).record(action(facts, owner, charge));
              if (charge.isCharged()) {
                run.completeIn(tx, facts);
              }
              return charge;
            });
    if (decision instanceof Decision.Denied denied) {
      throw new QuotaDenied(denied);
    }
    return facts;
  }

  private static Charge chargeFor(FileFacts facts, Duration cpu) {
    Charge charge = Charge.of("files", 1).and("cpu_seconds", cpu);
    return facts.size() == 0
        ? charge
        : charge.and("storage_mb", BigDecimal.valueOf(facts.size(), 6));
  }

  private static Action action(FileFacts facts, UUID owner, Decision charge) {
    return Action.of(charge.isCharged() ? "file.scanned" : "file.refused")
        .actor(owner)
        .resource("file", resourceId(facts.path()))
        .outcome(charge.isCharged() ? Outcome.SUCCESS : Outcome.DENIED)
        .metadata(Map.of("sha256", facts.sha256(), "size", facts.size()));
  }

  /** The end of a long path tells more than its beginning. */
  static String resourceId(String path) {
    return path.length() <= MAX_RESOURCE_ID
        ? path
        : path.substring(path.length() - MAX_RESOURCE_ID);
  }
}

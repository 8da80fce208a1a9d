package dev.plinth.examples.quickstart;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import dev.plinth.audit.Actor;
import dev.plinth.audit.AuditEntry;
import dev.plinth.audit.AuditLog;
import dev.plinth.audit.PageRequest;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.User;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.oauth.TokenRefresh;
import dev.plinth.oauth.Tokens;
import dev.plinth.quota.Quotas;
import dev.plinth.quota.Usage;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What happened, in tables for people. */
final class Report {
  private static final Set<String> NUMBERS =
      Set.of("files", "finished", "refused", "took", "bytes", "lines", "CPU ms", "used", "cap");

  private final PrintStream out;
  private final Plinth plinth;
  private final Jobs jobs;
  private final Quotas quotas;
  private final AuditLog audit;
  private final Tokens tokens;
  private final Catalogue catalogue;

  Report(
      PrintStream out,
      Plinth plinth,
      Jobs jobs,
      Quotas quotas,
      AuditLog audit,
      Tokens tokens,
      Catalogue catalogue) {
    this.out = out;
    this.plinth = plinth;
    this.jobs = jobs;
    this.quotas = quotas;
    this.audit = audit;
    this.tokens = tokens;
    this.catalogue = catalogue;
  }

  void print(Scans scans, Scans.Scan large, Scans.Scan small) throws SQLException {
    List<FileFacts> results = results(large);
    batches(scans, large, small);
    slowest(results);
    quotaUse(large.owner(), small.owner());
    Optional<Job> denied = denied(small);
    refreshes(large.owner(), small.owner());
    Optional<String> path =
        denied
            .map(job -> plinth.json().read(job.args(), ScanArgs.class).path())
            .or(() -> results.stream().map(FileFacts::path).findFirst());
    path.ifPresent(shown -> trail(shown, large.owner(), small.owner()));
    exactlyOnce(scans, large, results);
  }

  private void batches(Scans scans, Scans.Scan... begun) {
    table(
        "Batches",
        List.of("batch", "owner", "files", "finished", "refused", "status", "took"),
        Stream.of(begun)
            .map(
                scan -> {
                  Batch batch = scans.state(scan);
                  return List.of(
                      batch.name(),
                      name(scan.owner()),
                      Long.toString(batch.total()),
                      Long.toString(batch.completed()),
                      Long.toString(batch.failed()),
                      batch.status().name().toLowerCase(Locale.ROOT),
                      millis(Duration.between(batch.createdAt(), ended(batch))));
                })
            .toList());
  }

  private static Instant ended(Batch batch) {
    Instant completed = batch.completedAt();
    return completed == null ? batch.createdAt() : completed;
  }

  private void slowest(List<FileFacts> results) {
    table(
        "The files that took most CPU time",
        List.of("file", "media type", "bytes", "lines", "CPU ms", "SHA-256"),
        results.stream()
            .sorted(Comparator.comparingLong(FileFacts::cpuMillis).reversed())
            .limit(5)
            .map(
                facts ->
                    List.of(
                        facts.path(),
                        facts.mediaType(),
                        Long.toString(facts.size()),
                        Long.toString(facts.lines()),
                        Long.toString(facts.cpuMillis()),
                        facts.sha256().substring(0, 12) + "…"))
            .toList());
  }

  private void quotaUse(User... users) {
    List<List<String>> rows = new ArrayList<>();
    for (User user : users) {
      for (Usage usage : quotas.usage(user.id())) {
        rows.add(List.of(name(user), usage.limit(), decimal(usage.used()), decimal(usage.cap())));
      }
    }
    table("Quotas", List.of("user", "limit", "used", "cap"), rows);
  }

  /** The first file that the small quota did not allow, and why. */
  private Optional<Job> denied(Scans.Scan scan) {
    List<Job> failed =
        jobs.list(JobFilter.all().batch(scan.batch()).status(JobStatus.FAILED), Page.first(1000));
    out.printf(
        "%nDenied: %d of %s's files. What the limits said of one:%n",
        failed.size(), name(scan.owner()));
    Optional<Job> one = failed.stream().reduce((first, second) -> second);
    one.ifPresent(job -> out.println(indent(withoutClass(String.valueOf(job.error())))));
    return one;
  }

  private void refreshes(User... users) {
    List<List<String>> rows = new ArrayList<>();
    for (User user : users) {
      for (TokenRefresh refresh : tokens.refreshes(user.id(), Scans.PROVIDER)) {
        rows.add(
            List.of(
                name(user),
                refresh.kind().name().toLowerCase(Locale.ROOT),
                refresh.outcome().name().toLowerCase(Locale.ROOT),
                refresh.startedAt().toString(),
                refresh.duration().map(Report::millis).orElse("?")));
      }
    }
    table(
        "Token refreshes (every worker asked for every file; the provider was called "
            + catalogue.refreshes()
            + " times by this process)",
        List.of("user", "kind", "outcome", "began", "took"),
        rows);
  }

  private void trail(String path, User... users) {
    List<AuditEntry> entries =
        audit.history("file", ScanFile.resourceId(path), PageRequest.first(10)).items();
    table(
        "Audit trail of " + path,
        List.of("recorded", "action", "outcome", "actor", "record"),
        entries.stream()
            .map(
                entry ->
                    List.of(
                        entry.recordedAt().toString(),
                        entry.action().name(),
                        entry.action().outcome().name().toLowerCase(Locale.ROOT),
                        name(entry.action().context().actor(), users),
                        entry.id().toString()))
            .toList());
  }

  /**
   * Counts the results against the batch, the distinct files and the charges: they must all agree.
   */
  private void exactlyOnce(Scans scans, Scans.Scan scan, List<FileFacts> results)
      throws SQLException {
    Set<String> distinct = results.stream().map(FileFacts::path).collect(Collectors.toSet());
    long finished = scans.state(scan).completed();
    long completed = scans.completed(scan.owner());
    BigDecimal charged =
        quotas.usage(scan.owner().id()).stream()
            .filter(usage -> usage.limit().equals("files"))
            .map(Usage::used)
            .findFirst()
            .orElseThrow();
    boolean agree =
        results.size() == finished
            && distinct.size() == finished
            && charged.compareTo(BigDecimal.valueOf(completed)) == 0
            && jobs.check().isEmpty();
    out.printf(
        "%n%s: %d files finished, %d results of %d distinct files, %s files charged for %d finished in all scans%n",
        agree ? "Exactly once" : "NOT exactly once",
        finished,
        results.size(),
        distinct.size(),
        decimal(charged),
        completed);
    if (!agree) {
      throw new UserError("the counts do not agree; jobs.check() says " + jobs.check());
    }
  }

  private List<FileFacts> results(Scans.Scan scan) {
    List<FileFacts> results = new ArrayList<>();
    Page page = Page.first(1000);
    while (true) {
      List<Job> found =
          jobs.list(JobFilter.all().batch(scan.batch()).status(JobStatus.COMPLETED), page);
      for (Job job : found) {
        Optional.ofNullable(job.result())
            .ifPresent(json -> results.add(plinth.json().read(json, FileFacts.class)));
      }
      if (found.isEmpty()) {
        return results;
      }
      page = page.after(found.get(found.size() - 1).id());
    }
  }

  private void table(String title, List<String> header, List<List<String>> rows) {
    out.printf("%n%s%n", title);
    out.println(
        AsciiTable.getTable(
            AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS,
            header.stream().map(Report::column).toArray(Column[]::new),
            rows.stream().map(row -> row.toArray(String[]::new)).toArray(Object[][]::new)));
  }

  /** Numbers to the right, words to the left. */
  private static Column column(String header) {
    HorizontalAlign align = NUMBERS.contains(header) ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT;
    return new Column().header(header).headerAlign(align).dataAlign(align);
  }

  private static String name(User user) {
    return String.valueOf(user.fullName());
  }

  /** An actor as people know it. */
  private static String name(@Nullable Actor actor, User... known) {
    if (actor instanceof Actor.User user) {
      return Stream.of(known)
          .filter(one -> one.id().equals(user.id()))
          .map(Report::name)
          .findFirst()
          .orElse("user " + user.id());
    }
    return String.valueOf(actor);
  }

  /** A job's error begins with the exception's class, which people need not see. */
  private static String withoutClass(String error) {
    return error.startsWith(QuotaDenied.class.getName())
        ? error.substring(QuotaDenied.class.getName().length() + 2)
        : error;
  }

  private static String indent(String text) {
    return text.lines().map(line -> "  " + line).collect(Collectors.joining("\n"));
  }

  private static String decimal(BigDecimal value) {
    BigDecimal rounded = value.setScale(3, RoundingMode.HALF_UP).stripTrailingZeros();
    return rounded.toPlainString();
  }

  private static String millis(Duration duration) {
    return duration.toMillis() + " ms";
  }
}

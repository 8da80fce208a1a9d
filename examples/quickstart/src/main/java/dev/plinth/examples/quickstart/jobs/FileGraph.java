package dev.plinth.examples.quickstart.jobs;

import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.Explanation;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobGraph;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobStep;
import dev.plinth.jobs.Jobs;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** One scan, a hash of each file after it, and one combination of all after these. */
final class FileGraph {
  private static final String SCAN = "scan";
  private static final String COMBINE = "combine";

  private final UUID chapter = UUID.randomUUID();
  private final Path root;
  private final List<String> paths;
  private final Jobs jobs;
  private final Map<String, JobId> ids;

  private FileGraph(Path root, List<String> paths, Jobs jobs) {
    this.root = root;
    this.paths = List.copyOf(paths);
    this.jobs = jobs;
    this.ids = jobs.enqueue(graph());
  }

  /** All of it in one transaction. */
  static FileGraph enqueue(Path root, List<String> paths, Jobs jobs) {
    return new FileGraph(root, paths, jobs);
  }

  private JobGraph graph() {
    Folder folder = new Folder(chapter, root.toString(), paths.size());
    JobGraph graph =
        JobGraph.create().add(SCAN, Kinds.SCAN, folder).add(COMBINE, Kinds.COMBINE, folder);
    for (int i = 0; i < paths.size(); i++) {
      graph
          .add(hash(i), Kinds.HASH, new OneFile(chapter, root.toString(), paths.get(i)))
          .edge(SCAN, hash(i))
          .edge(hash(i), COMBINE);
    }
    return graph;
  }

  private static String hash(int file) {
    return "hash " + file;
  }

  private JobId id(String name) {
    return Objects.requireNonNull(ids.get(name), name);
  }

  Job last() {
    return jobs.find(id(COMBINE)).orElseThrow();
  }

  void explainLast(PrintStream out, Verdict verdict) {
    Explanation why = jobs.explain(id(COMBINE)).orElseThrow();
    out.println("The last one of the graph: " + why.text());
    verdict.check(
        "a job whose parents have not ended waits",
        why instanceof Explanation.WaitingForParents parents && !parents.parents().isEmpty());
  }

  /** Attempts that were lost with the process that was killed. */
  long lost() {
    return ids.values().stream()
        .flatMap(id -> jobs.attempts(id).stream())
        .filter(attempt -> attempt.outcome() == Attempt.Outcome.LOST)
        .count();
  }

  void verify(Hashes hashes, PrintStream out, Verdict verdict) throws IOException, SQLException {
    for (JobStep step : jobs.steps(id(COMBINE))) {
      out.println("  step " + step.name() + ": " + step.status() + ", " + step.output());
    }
    List<Hashes.Row> rows = hashes.rows(chapter);
    SortedMap<String, String> expected = new TreeMap<>();
    for (String path : paths) {
      expected.put(path, Sha256.of(root.resolve(path)));
    }
    long files = rows.stream().filter(row -> !row.path().isEmpty()).count();
    verdict.check(
        "Each file once: %d rows for %d files".formatted(files, paths.size()),
        files == paths.size() && Hashes.byPath(rows).equals(expected));
    verdict.check(
        "the combined hash is that of all files, stored once",
        rows.stream()
            .filter(row -> row.path().isEmpty())
            .map(Hashes.Row::sha256)
            .toList()
            .equals(List.of(Sha256.of(expected))));
    verdict.check(
        "every job of the graph has completed",
        ids.values().stream()
            .allMatch(id -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED));
    verdict.check(
        "three steps have completed",
        jobs.steps(id(COMBINE)).stream()
            .map(JobStep::status)
            .toList()
            .equals(Collections.nCopies(3, JobStep.Status.COMPLETED)));
  }
}

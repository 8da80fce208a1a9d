package dev.plinth.examples.quickstart.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.JobsBuilder;
import dev.plinth.jobs.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;

/** The handlers of the graph: scan, hash each file, combine. The same in every process. */
final class FileHandlers {
  private final Plinth plinth;
  private final Hashes hashes;
  private final BeforeHash beforeHash;

  /** Called before a file's hash is written; the process that is to be killed waits here. */
  interface BeforeHash {
    void call() throws InterruptedException;
  }

  FileHandlers(Plinth plinth, BeforeHash beforeHash) {
    this.plinth = plinth;
    this.hashes = new Hashes(plinth);
    this.beforeHash = beforeHash;
  }

  JobsBuilder addTo(JobsBuilder builder) {
    return builder
        .handle(Kinds.SCAN, this::scan)
        .handle(Kinds.HASH, this::hash)
        .handle(Kinds.COMBINE, this::combine);
  }

  static Jobs jobs(Plinth plinth, int workers, BeforeHash beforeHash) {
    return new FileHandlers(plinth, beforeHash)
        .addTo(Jobs.builder(plinth))
        .workers(workers)
        .build();
  }

  private void scan(Folder folder, JobRun run) {
    if (!Files.isDirectory(Path.of(folder.path()))) {
      throw run.discard("there is no folder " + folder.path());
    }
  }

  /** The row and the completion commit together: once, whatever dies. */
  private void hash(OneFile file, JobRun run)
      throws IOException, SQLException, InterruptedException {
    String sha256 = Sha256.of(Path.of(file.folder(), file.path()));
    beforeHash.call();
    plinth.transact(
        tx -> {
          Hashes.insert(tx, file.chapter(), new Hashes.Row(file.path(), sha256));
          run.completeIn(tx);
        });
  }

  /** Three steps; each is done once, also when a later one fails or the process dies. */
  private String combine(Folder folder, JobRun run) throws SQLException {
    int found =
        run.step("count the hashes", Integer.class, () -> hashes.rows(folder.chapter()).size());
    if (found != folder.files()) {
      throw run.discard(found + " hashes for " + folder.files() + " files");
    }
    String digest =
        run.step(
            Step.of("combine").label("one hash of all").input(folder),
            String.class,
            () -> Sha256.of(Hashes.byPath(hashes.rows(folder.chapter()))));
    run.stepIn(
        "store",
        Integer.class,
        tx -> Hashes.insert(tx, folder.chapter(), new Hashes.Row("", digest)));
    return digest;
  }
}

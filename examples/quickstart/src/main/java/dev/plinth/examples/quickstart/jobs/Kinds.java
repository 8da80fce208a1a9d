package dev.plinth.examples.quickstart.jobs;

import dev.plinth.jobs.JobType;
import dev.plinth.jobs.ResultJobType;

/** The kinds of jobs of this chapter, and their queues. */
final class Kinds {
  static final String FILES_QUEUE = "chapter-files";
  static final String ERRANDS_QUEUE = "chapter-errands";
  static final String NIGHT_QUEUE = "chapter-night";

  static final JobType<Folder> SCAN =
      JobType.of("chapter-scan", Folder.class).withQueue(FILES_QUEUE);
  static final JobType<OneFile> HASH =
      JobType.of("chapter-hash", OneFile.class).withQueue(FILES_QUEUE);
  static final ResultJobType<Folder, String> COMBINE =
      JobType.of("chapter-combine", Folder.class).withQueue(FILES_QUEUE).returning(String.class);
  static final JobType<Errand> VISIT =
      JobType.of("chapter-visit", Errand.class).withQueue(ERRANDS_QUEUE);
  static final JobType<Errand> PULSE =
      JobType.of("chapter-pulse", Errand.class).withQueue(ERRANDS_QUEUE);
  static final JobType<Errand> NIGHT =
      JobType.of("chapter-night", Errand.class).withQueue(NIGHT_QUEUE);

  private Kinds() {}
}

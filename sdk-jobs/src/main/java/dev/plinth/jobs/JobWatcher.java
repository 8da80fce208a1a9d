package dev.plinth.jobs;

/** Is told how a job gets on; see {@link Jobs#watch}. */
@FunctionalInterface
public interface JobWatcher {
  /**
   * The job stands elsewhere than when this was called last, or has made progress; on its last call
   * it has ended. Called on one thread for all watchers of a {@code Jobs}, which must be handed
   * back soon; what it throws is logged.
   */
  void changed(Job job);
}

package dev.plinth.jobs;

import dev.plinth.jobs.Attempt.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What jobs do, in memory: the statuses, attempts, places in line and batches they must have. */
final class JobsModel {
  static final int MAX_ATTEMPTS = 3;

  final Map<JobId, ModelJob> jobs = new LinkedHashMap<>();
  final List<ModelBatch> batches = new ArrayList<>();
  private long turn;

  /** What a handler does, and with it how its attempt ends. */
  enum Behaviour {
    /** Returns. */
    COMPLETES,
    /** Completes in a transaction with its effect. */
    COMPLETES_WITH_EFFECT,
    /** Throws what is worth another attempt. */
    FAILS,
    /** Throws what is not. */
    FAILS_FOR_GOOD,
    /** Completes in a transaction that rolls back. */
    ROLLS_BACK,
    /** Puts the job off the first time, and returns the second. */
    SNOOZES,
    /** Gives the job up. */
    DISCARDS
  }

  static final class ModelJob {
    final Behaviour behaviour;
    final int priority;
    final ModelBatch batch;
    final List<Outcome> outcomes = new ArrayList<>();
    JobStatus status;
    int attempt = 1;
    int max = MAX_ATTEMPTS;
    long readySince;
    Instant runAt;

    ModelJob(Behaviour behaviour, int priority, ModelBatch batch) {
      this.behaviour = behaviour;
      this.priority = priority;
      this.batch = batch;
    }

    boolean hasEnded() {
      return status.isEnded();
    }

    boolean isDelayed() {
      return status == JobStatus.SCHEDULED || status == JobStatus.RETRYING;
    }
  }

  static final class ModelBatch {
    final BatchId id;
    boolean sealed;
    boolean ended;
    Batch.Status status = Batch.Status.OPEN;

    ModelBatch(BatchId id) {
      this.id = id;
    }
  }

  /** A moment; what becomes ready in one has no order within. */
  long nextTurn() {
    return ++turn;
  }

  ModelJob added(JobId id, Behaviour behaviour, int priority, ModelBatch batch, Instant runAt) {
    ModelJob job = new ModelJob(behaviour, priority, batch);
    jobs.put(id, job);
    if (runAt == null) {
      ready(job, nextTurn());
    } else {
      job.status = JobStatus.SCHEDULED;
      job.runAt = runAt;
    }
    return job;
  }

  void ready(ModelJob job, long since) {
    job.status = JobStatus.READY;
    job.readySince = since;
    job.runAt = null;
  }

  /** Those of which one must be claimed next; none when nothing is ready. */
  List<JobId> next() {
    List<Map.Entry<JobId, ModelJob>> ready =
        jobs.entrySet().stream().filter(e -> e.getValue().status == JobStatus.READY).toList();
    Comparator<ModelJob> line =
        Comparator.<ModelJob>comparingInt(job -> -job.priority)
            .thenComparingLong(job -> job.readySince);
    return ready.stream()
        .map(Map.Entry::getValue)
        .min(line)
        .map(
            first ->
                ready.stream()
                    .filter(e -> line.compare(e.getValue(), first) == 0)
                    .map(Map.Entry::getKey)
                    .toList())
        .orElse(List.of());
  }

  /** Its attempt has run as its behaviour says. */
  void ran(ModelJob job) {
    switch (job.behaviour) {
      case COMPLETES, COMPLETES_WITH_EFFECT -> ended(job, Outcome.COMPLETED, JobStatus.COMPLETED);
      case FAILS_FOR_GOOD -> ended(job, Outcome.FAILED, JobStatus.FAILED);
      case DISCARDS -> ended(job, Outcome.DISCARDED, JobStatus.FAILED);
      case SNOOZES -> {
        if (job.outcomes.contains(Outcome.SNOOZED)) {
          ended(job, Outcome.COMPLETED, JobStatus.COMPLETED);
        } else {
          job.outcomes.add(Outcome.SNOOZED);
          job.status = job.attempt > 1 ? JobStatus.RETRYING : JobStatus.SCHEDULED;
        }
      }
      case FAILS, ROLLS_BACK -> {
        if (job.attempt < job.max) {
          job.outcomes.add(Outcome.RETRIED);
          job.attempt++;
          job.status = JobStatus.RETRYING;
        } else {
          ended(job, Outcome.FAILED, JobStatus.FAILED);
        }
      }
    }
  }

  private static void ended(ModelJob job, Outcome outcome, JobStatus status) {
    job.outcomes.add(outcome);
    job.status = status;
  }

  /** Its instance has died, and another has noticed. */
  void rescued(ModelJob job, boolean begun, long turnOfRescue) {
    boolean last = job.attempt >= job.max;
    if (last && begun) {
      ended(job, Outcome.FAILED, JobStatus.FAILED);
      return;
    }
    job.outcomes.add(Outcome.LOST);
    if (!last) {
      job.attempt++;
    }
    ready(job, turnOfRescue);
  }

  /** By hand. */
  void retried(ModelJob job) {
    job.attempt++;
    job.max = Math.max(job.max, job.attempt);
    ready(job, nextTurn());
  }

  boolean isDone(ModelBatch batch) {
    return batch.sealed
        && jobs.values().stream().filter(job -> job.batch == batch).allMatch(ModelJob::hasEnded);
  }

  /** Cancelled while it waited. */
  void cancelled(ModelJob job) {
    job.status = JobStatus.CANCELLED;
  }

  /** How a batch ends whose jobs have ended so. */
  Batch.Status endOf(ModelBatch batch) {
    if (count(batch, JobStatus.FAILED) > 0) {
      return Batch.Status.FAILED;
    }
    return count(batch, JobStatus.CANCELLED) > 0 ? Batch.Status.CANCELLED : Batch.Status.COMPLETED;
  }

  long count(ModelBatch batch, JobStatus status) {
    return jobs.values().stream().filter(j -> j.batch == batch && j.status == status).count();
  }
}

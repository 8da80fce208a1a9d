package dev.plinth.examples.quickstart.jobs;

import dev.plinth.core.json.Json;
import dev.plinth.jobs.Explanation;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.JobsBuilder;
import dev.plinth.jobs.Limit;
import dev.plinth.jobs.Page;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.NewSchedule;
import dev.plinth.jobs.schedule.Schedule;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Small jobs beside the files: limited ones, one in a paused queue, and those of a schedule. */
final class Errands {
  private static final String PULSE = "chapter: pulse";

  private final PrintStream out;
  private final Patience patience;
  private final CountDownLatch explained = new CountDownLatch(1);

  Errands(PrintStream out, Patience patience) {
    this.out = out;
    this.patience = patience;
  }

  JobsBuilder addTo(JobsBuilder builder) {
    return builder
        .handle(Kinds.VISIT, (errand, run) -> explained.await())
        .handle(Kinds.PULSE, Errands::pass)
        .handle(Kinds.NIGHT, Errands::pass);
  }

  private static void pass(Errand errand, JobRun run) {
    run.progress(1, 1, errand.what());
  }

  /** A new one, whatever an earlier run has left. */
  Schedule schedule(Jobs jobs) {
    jobs.schedules().delete(PULSE);
    return jobs.schedules()
        .put(
            NewSchedule.of(
                PULSE, new Every(Duration.ofSeconds(1)), Kinds.PULSE, new Errand("pulse")));
  }

  /** Waits until two jobs of the schedule have completed. */
  void fired(Jobs jobs, Schedule schedule, Verdict verdict) throws InterruptedException {
    List<Job> fired =
        patience.until(
            "the schedule has fired twice",
            () ->
                jobs
                    .list(
                        JobFilter.all().definition(PULSE).status(JobStatus.COMPLETED),
                        Page.first(100))
                    .stream()
                    .filter(job -> isOf(schedule, job))
                    .toList(),
            found -> found.size() >= 2);
    verdict.check(
        "the schedule fires every second, " + fired.size() + " times until now",
        fired.stream().allMatch(job -> "schedule".equals(job.trigger())));
  }

  private static boolean isOf(Schedule schedule, Job job) {
    Json metadata = job.metadata();
    return metadata != null && metadata.text().contains(schedule.id().toString());
  }

  /** Two jobs, of which one may run: the other one is explained. */
  void limited(Jobs jobs, Verdict verdict) throws InterruptedException {
    jobs.limits().set(Limit.type(Kinds.VISIT).maxRunning(1));
    List<JobId> visits =
        List.of(
            jobs.enqueue(Kinds.VISIT, new Errand("first")),
            jobs.enqueue(Kinds.VISIT, new Errand("second")));
    JobId running =
        patience
            .until(
                "one of two limited jobs runs",
                () -> visits.stream().filter(id -> is(jobs, id, JobStatus.RUNNING)).findFirst(),
                found -> found.isPresent())
            .orElseThrow();
    JobId other = visits.get(running.equals(visits.get(0)) ? 1 : 0);
    Explanation why =
        patience.until(
            "the other one is limited",
            () -> explain(jobs, other),
            found -> found instanceof Explanation.LimitReached);
    out.println("A limited job: " + why.text());
    explained.countDown();
    for (JobId visit : visits) {
      patience.until(
          "a limited job has run", () -> is(jobs, visit, JobStatus.COMPLETED), done -> done);
    }
    verdict.check(
        "a limit of one lets one job run at a time",
        why instanceof Explanation.LimitReached limit && limit.holders().contains(running));
  }

  void paused(Jobs jobs, Verdict verdict) throws InterruptedException {
    jobs.queues().pause(Kinds.NIGHT_QUEUE, "the quickstart", "it is day");
    JobId job = jobs.enqueue(Kinds.NIGHT, new Errand("count the stars"));
    Explanation why = explain(jobs, job);
    out.println("In a paused queue: " + why.text());
    jobs.queues().resume(Kinds.NIGHT_QUEUE);
    patience.until(
        "the job of the resumed queue has run",
        () -> is(jobs, job, JobStatus.COMPLETED),
        done -> done);
    verdict.check(
        "a paused queue waits, a resumed one goes on",
        why instanceof Explanation.Paused paused && "it is day".equals(paused.reason()));
  }

  /** Leaves nothing behind that would hold up or surprise the next run. */
  void tidy(Jobs jobs) {
    explained.countDown();
    jobs.schedules().delete(PULSE);
    jobs.limits().remove(Limit.type(Kinds.VISIT));
    jobs.queues().resume(Kinds.NIGHT_QUEUE);
  }

  private static Explanation explain(Jobs jobs, JobId id) {
    return jobs.explain(id).orElseThrow();
  }

  private static boolean is(Jobs jobs, JobId id, JobStatus status) {
    return jobs.find(id).orElseThrow().status() == status;
  }
}

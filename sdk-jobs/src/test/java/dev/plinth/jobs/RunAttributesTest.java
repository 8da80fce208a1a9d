package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the host says about a run is kept, read and listed by. */
@PlinthTest
class RunAttributesTest {
  private Jobs jobs;

  @BeforeEach
  void inject(Jobs jobs) {
    this.jobs = jobs;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void options_areKeptWithTheJob(Plinth plinth) {
    Instant deadline = plinth.clock().instant().plusSeconds(60).truncatedTo(ChronoUnit.MILLIS);

    JobId id =
        jobs.enqueue(
            Kinds.PLAIN,
            new Number(1),
            JobOptions.defaults()
                .definition("workflow-7")
                .subject("thread-3")
                .trigger("manual")
                .metadata(Json.of("{\"a\": 1}"))
                .limitKey("tenant-1")
                .deadline(deadline)
                .timeout(Duration.ofMillis(1500)));

    Job job = jobs.find(id).orElseThrow();
    assertThat(job.definition()).isEqualTo("workflow-7");
    assertThat(job.subject()).isEqualTo("thread-3");
    assertThat(job.trigger()).isEqualTo("manual");
    assertThat(job.metadata()).isEqualTo(Json.of("{\"a\": 1}"));
    assertThat(job.limitKey()).isEqualTo("tenant-1");
    assertThat(job.deadline()).isEqualTo(deadline);
    assertThat(job.timeout()).isEqualTo(Duration.ofMillis(1500));
  }

  @Test
  void list_byEachAttribute_findsThose() {
    JobId all =
        enqueue(JobOptions.defaults().definition("w").subject("s").trigger("api").priority(1));
    JobId other = enqueue(JobOptions.defaults().definition("x").subject("t").trigger("manual"));
    enqueue(JobOptions.defaults());

    assertThat(ids(JobFilter.all().definition("w"))).containsExactly(all);
    assertThat(ids(JobFilter.all().subject("t"))).containsExactly(other);
    assertThat(ids(JobFilter.all().trigger("manual"))).containsExactly(other);
    assertThat(ids(JobFilter.all().definition("w").trigger("manual"))).isEmpty();
    assertThat(ids(JobFilter.all().definition("w").subject("s").trigger("api").type(Kinds.PLAIN)))
        .containsExactly(all);
  }

  @Test
  void options_equalWhenTheySayTheSame() {
    JobOptions options = JobOptions.defaults().priority(3).definition("w");

    assertThat(options)
        .isEqualTo(JobOptions.defaults().definition("w").priority(3))
        .hasSameHashCodeAs(JobOptions.defaults().definition("w").priority(3))
        .isNotEqualTo(options.priority(4));
    assertThat(options).hasToString("JobOptions{priority=3, definition=w}");
    assertThat(JobOptions.defaults().priority()).isZero();
  }

  @Test
  void options_badInput_namesTheArgument() {
    JobOptions options = JobOptions.defaults();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.definition(" "))
        .withMessage("definition must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.subject("x".repeat(256)))
        .withMessage("subject must have at most 255 characters, but has 256");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.trigger(null))
        .withMessage("trigger must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.metadata(Json.of("[1]")))
        .withMessageStartingWith("metadata must be a JSON object");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.limitKey(""))
        .withMessage("limitKey must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.deadline(Instant.MAX))
        .withMessageContaining("deadline must be from the year 2000 to 9999");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.timeout(Duration.ofNanos(1)))
        .withMessageContaining("timeout must be from a millisecond to a year");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobFilter.all().definition(""))
        .withMessage("definition must not be blank");
  }

  private JobId enqueue(JobOptions options) {
    return jobs.enqueue(Kinds.PLAIN, new Number(1), options);
  }

  private List<JobId> ids(JobFilter filter) {
    return jobs.list(filter, Page.first(10)).stream().map(Job::id).toList();
  }
}

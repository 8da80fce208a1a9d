package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class UpcastTest {
  record Name(String name) {}

  record FullName(String first, String last) {}

  record Person(String first, String last, int version) {}

  private static final JobType<Name> V1 = JobType.of("greet", Name.class);
  private static final JobType<FullName> V2 = JobType.of("greet", FullName.class).withVersion(2);
  private static final JobType<Person> V3 = JobType.of("greet", Person.class).withVersion(3);

  private static final Upcaster SPLIT =
      Upcaster.of(
          Name.class,
          old -> new FullName(old.name().split(" ", 2)[0], old.name().split(" ", 2)[1]));
  private static final Upcaster NUMBER =
      (args, json) -> {
        FullName old = json.read(args, FullName.class);
        return Json.object(Map.of("first", old.first(), "last", old.last(), "version", 2));
      };

  private final Set<String> greeted = ConcurrentHashMap.newKeySet();
  private Jobs jobs;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private JobsBuilder builder(Plinth plinth) {
    return Jobs.builder(plinth)
        .handle(
            V3,
            (person, run) ->
                greeted.add(
                    run.version()
                        + " "
                        + person.first()
                        + "/"
                        + person.last()
                        + " "
                        + person.version()))
        .pollInterval(Duration.ofMillis(50));
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  @Test
  void olderJobs_areBroughtUpStepByStep(Plinth plinth) {
    JobId first = jobs.enqueue(V1, new Name("Ada Lovelace"));
    JobId second = jobs.enqueue(V2, new FullName("Grace", "Hopper"));
    JobId third = jobs.enqueue(V3, new Person("Mary", "Kenneth Keller", 3));
    try (Jobs runner = builder(plinth).upcast(V3, 2, NUMBER).upcast(V3, 1, SPLIT).build()) {
      runner.start();
      for (JobId id : new JobId[] {first, second, third}) {
        await().until(() -> status(id) == JobStatus.COMPLETED);
      }
    }
    assertThat(greeted)
        .containsExactlyInAnyOrder(
            "1 Ada/Lovelace 2", "2 Grace/Hopper 2", "3 Mary/Kenneth Keller 3");
    assertThat(jobs.find(first).orElseThrow().args().text()).contains("Ada Lovelace");
  }

  @Test
  void versionWithoutUpcaster_isHandedOnAsItIs(Plinth plinth) {
    JobId second = jobs.enqueue(V2, new FullName("Grace", "Hopper"));
    try (Jobs runner = builder(plinth).upcast(V3, 1, SPLIT).build()) {
      runner.start();
      await().until(() -> status(second) == JobStatus.COMPLETED);
    }
    assertThat(greeted).containsExactly("2 Grace/Hopper 0");
  }

  @Test
  void upcasterFails_attemptSaysWhichStep(Plinth plinth) {
    JobId id = jobs.enqueue(V1, new Name("Plato"), JobOptions.defaults().maxAttempts(1));
    try (Jobs runner = builder(plinth).upcast(V3, 1, SPLIT).build()) {
      runner.start();
      await().until(() -> status(id) == JobStatus.FAILED);
    }
    Attempt attempt = jobs.attempts(id).get(0);
    assertThat(attempt.errorClass()).isEqualTo(UpcastException.class.getName());
    assertThat(attempt.error()).contains("type greet", "from version 1 to version 2");
    assertThat(attempt.stackTrace()).contains("ArrayIndexOutOfBoundsException");
  }

  @Test
  void badInput_namesTheArgument(Plinth plinth) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(plinth).upcast(V3, 3, SPLIT))
        .withMessageStartingWith("from must be from 1 to one less");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(plinth).upcast(V3, 1, SPLIT).upcast(V3, 1, SPLIT))
        .withMessageStartingWith("from must not have two upcasters");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                builder(plinth)
                    .upcast(JobType.of("unknown", Number.class).withVersion(2), 1, SPLIT)
                    .build())
        .withMessageStartingWith("kind must have a handler");
  }
}

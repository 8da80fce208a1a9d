package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Queues that are paused and go on. */
@PlinthTest
class PauseTest {
  private final AtWork work = new AtWork();
  private final List<Jobs> running = new ArrayList<>();
  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void inject(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
    running.forEach(Jobs::close);
  }

  private Jobs start(TestNodes nodes, String name, CountDownLatch goOn) {
    Jobs node =
        Jobs.builder(nodes.start(name).plinth())
            .handle(Kinds.PLAIN, work.until(goOn, "plain"))
            .handle(Kinds.OTHER, work.counting(n -> List.of("other")))
            .workers(4)
            .pollInterval(Duration.ofMillis(50))
            .build();
    node.start();
    running.add(node);
    return node;
  }

  private void enqueue(JobType<Number> type, int count) {
    jobs.enqueueAll(
        type, IntStream.range(0, count).mapToObj(Number::new).toList(), JobOptions.defaults());
  }

  private long count(String status) {
    return AtWork.number(
        plinth, "SELECT count(*) FROM plinth.computational_jobs WHERE status = '" + status + "'");
  }

  @Test
  void pausedQueue_runningJobsFinishAndNoneBegins(TestNodes nodes) {
    CountDownLatch goOn = new CountDownLatch(1);
    start(nodes, "one", goOn);
    start(nodes, "two", goOn);
    enqueue(Kinds.PLAIN, 20);
    await().until(() -> work.now("plain") == 8);

    assertThat(jobs.queues().pause("default", "ada", "disk is full")).isTrue();
    assertThat(jobs.queues().pause("default", "bob", "again")).isFalse();
    // From the moment on that both have heard of it, which a second queue proves.
    await()
        .during(Duration.ofMillis(300))
        .until(() -> jobs.queues().find("default").orElseThrow().isPaused());
    goOn.countDown();
    await().until(() -> count("completed") == 8);
    enqueue(Kinds.OTHER, 5);
    await().until(() -> count("completed") == 13);
    await()
        .during(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(count("completed")).isEqualTo(13));
    QueueState state = jobs.queues().find("default").orElseThrow();
    assertThat(state.pausedBy()).isEqualTo("ada");
    assertThat(state.reason()).isEqualTo("disk is full");

    assertThat(jobs.queues().resume("default")).isTrue();
    assertThat(jobs.queues().resume("default")).isFalse();
    await().until(() -> count("pending") == 0);
    assertThat(work.begun()).isEqualTo(25);
  }

  @Test
  void nodeThatStartsLater_heedsThePause(TestNodes nodes) {
    jobs.queues().pause("default", null);
    enqueue(Kinds.PLAIN, 5);
    start(nodes, "late", new CountDownLatch(0));
    enqueue(Kinds.OTHER, 5);

    await().until(() -> count("completed") == 5);
    await()
        .during(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(work.most("plain")).isZero());
    jobs.queues().resume("default");
    await().until(() -> count("pending") == 0);
  }

  @Test
  void pausedQueue_holdsNoRoomThatOthersCouldUse(TestNodes nodes) {
    JobType<Number> elsewhere = JobType.of("plain", Number.class).withQueue("elsewhere");
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(2));
    Jobs both =
        Jobs.builder(nodes.start("both").plinth())
            .queue("elsewhere")
            .handle(Kinds.PLAIN, (args, run) -> {})
            .pollInterval(Duration.ofMillis(50))
            .build();
    running.add(both);
    both.start();
    // Nobody claims from the default queue, so both slots are taken by what waits there.
    enqueue(Kinds.PLAIN, 10);
    await()
        .until(
            () ->
                AtWork.number(
                        plinth, "SELECT count(*) FROM plinth.job_ready WHERE group_id IS NOT NULL")
                    == 2);
    enqueue(elsewhere, 10);
    await()
        .during(Duration.ofMillis(300))
        .untilAsserted(() -> assertThat(count("completed")).isZero());

    jobs.queues().pause("default", null);

    await().until(() -> count("completed") == 10);
    assertThat(count("pending")).isEqualTo(10);
    jobs.queues().resume("default");
  }

  @Test
  void list_tellsOfQueuesWithWaitingJobsToo() {
    enqueue(Kinds.OTHER, 1);
    jobs.limits().set(Limit.queue("limited").maxRunning(1));
    jobs.queues().pause("paused", null);
    jobs.limits().set(Limit.queue("default").maxRunning(0));
    enqueue(Kinds.PLAIN, 1);

    assertThat(jobs.queues().list())
        .extracting(QueueState::queue)
        .containsExactly("default", "limited", "other", "paused");
    assertThat(jobs.queues().list())
        .filteredOn(QueueState::isPaused)
        .extracting(QueueState::queue)
        .containsExactly("paused");
  }

  @Test
  void badArguments_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.queues().pause(" ", null))
        .withMessageContaining("queue");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.queues().pause("q", "x".repeat(256), null))
        .withMessageContaining("by");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.queues().pause("q", "x".repeat(501)))
        .withMessageContaining("reason");
  }
}

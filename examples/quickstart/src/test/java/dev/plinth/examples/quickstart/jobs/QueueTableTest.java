package dev.plinth.examples.quickstart.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.jobs.Depth;
import dev.plinth.jobs.JobCount;
import dev.plinth.jobs.JobStatistics;
import dev.plinth.jobs.QueueStatistics;
import dev.plinth.jobs.Throughput;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueueTableTest {
  private static final String UP = "\u001b[";
  private static final String CLEAR = "A\u001b[J";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String printed() {
    String printed = bytes.toString(StandardCharsets.UTF_8);
    bytes.reset();
    return printed;
  }

  private static QueueStatistics queue(String name, long ready, long completed) {
    JobCount none = JobCount.NONE;
    Duration zero = Duration.ZERO;
    Throughput ended =
        new Throughput(
            Duration.ofHours(1),
            completed,
            0,
            0,
            0,
            0,
            0,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero);
    return new QueueStatistics(
        name,
        new Depth(new JobCount(ready, true), none, none, none, none, none),
        zero,
        ended,
        ended,
        List.of());
  }

  private static JobStatistics statistics(QueueStatistics... queues) {
    return new JobStatistics(Instant.EPOCH, Arrays.asList(queues), List.of());
  }

  @Test
  void terminal_secondTable_isDrawnOverTheFirst() {
    QueueTable table = new QueueTable(out, true);

    table.show(statistics(queue("chapter-files", 60, 0), queue("other", 7, 0)));

    String first = printed();
    assertThat(first)
        .contains("chapter-files", "completed", "60")
        .doesNotContain("other")
        .doesNotContain("\u001b")
        .endsWith("\n");

    table.show(statistics(queue("chapter-files", 20, 40), queue("chapter-night", 1, 0)));

    String second = printed();
    assertThat(second).startsWith(UP + first.lines().count() + CLEAR);
    assertThat(second).contains("20", "40", "chapter-night");

    table.show(statistics(queue("chapter-files", 0, 60)));

    // A row more was drawn before.
    assertThat(printed()).startsWith(UP + second.lines().count() + CLEAR);
    assertThat(second.lines().count()).isGreaterThan(first.lines().count());
  }

  @Test
  void terminal_nothingHasChanged_drawsNothing() {
    QueueTable table = new QueueTable(out, true);
    table.show(statistics(queue("chapter-files", 60, 0)));
    printed();

    table.show(statistics(queue("chapter-files", 60, 0), queue("other", 7, 0)));

    assertThat(printed()).isEmpty();
  }

  @Test
  void noTerminal_aLineForEachQueueThatHasChanged() {
    QueueTable table = new QueueTable(out, false);
    table.show(statistics(queue("chapter-files", 60, 0), queue("chapter-night", 1, 0)));
    assertThat(printed().lines()).hasSize(2);

    table.show(statistics(queue("chapter-files", 20, 40), queue("chapter-night", 1, 0)));

    assertThat(printed().lines())
        .containsExactly(
            "  queue chapter-files: 0 waiting, 0 delayed, 0 limited, 20 ready, 0 running,"
                + " 40 completed, 0 lost");
  }
}

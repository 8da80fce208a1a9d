package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The table of status words in the guide says something of every status, and of every seed's word.
 */
class SeedWordsTest {
  private static final Pattern ROW =
      Pattern.compile("\\| `([A-Z]+)` \\| `([a-z]+)` \\| `([a-z]+)`.*\\|");

  @Test
  void everyStatus_hasAWordInEachSeed() throws IOException {
    Map<String, List<String>> words = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "jobs", "runs.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        words.put(row.group(1), List.of(row.group(2), row.group(3)));
      }
    }

    for (JobStatus status : JobStatus.values()) {
      assertThat(words).containsKey(status.name());
    }
    assertThat(words.values())
        .extracting(both -> both.get(0))
        .contains("pending", "processing", "completed", "failed", "cancelled");
    assertThat(words.values())
        .extracting(both -> both.get(1))
        .contains("pending", "running", "success", "failed", "cancelled");
  }
}

package dev.plinth.examples.quickstart.jobs;

import com.github.freva.asciitable.AsciiTable;
import dev.plinth.jobs.Depth;
import dev.plinth.jobs.JobStatistics;
import dev.plinth.jobs.QueueStatistics;
import java.io.PrintStream;
import java.util.List;

/**
 * The queues, drawn over themselves on a terminal; elsewhere a plain line for each queue when it
 * has changed.
 */
final class QueueTable {
  private static final String[] HEADER = {
    "queue", "waiting", "delayed", "limited", "ready", "running", "completed", "lost"
  };

  private final PrintStream out;
  private final boolean terminal;
  private List<List<String>> shown = List.of();
  private long drawn;

  QueueTable(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  void show(JobStatistics statistics) {
    List<List<String>> rows =
        statistics.queues().stream()
            .filter(queue -> queue.queue().startsWith("chapter-"))
            .map(QueueTable::row)
            .toList();
    if (rows.equals(shown)) {
      return;
    }
    if (terminal) {
      draw(rows);
    } else {
      rows.stream().filter(row -> !shown.contains(row)).forEach(this::line);
    }
    shown = rows;
  }

  private static List<String> row(QueueStatistics queue) {
    Depth depth = queue.depth();
    return List.of(
        queue.queue(),
        depth.waiting().toString(),
        Long.toString(depth.scheduled().atLeast() + depth.retrying().atLeast()),
        depth.parked().toString(),
        depth.ready().toString(),
        depth.running().toString(),
        Long.toString(queue.lastHour().completed()),
        Long.toString(queue.lastHour().lost()));
  }

  private void draw(List<List<String>> rows) {
    String[][] cells =
        rows.stream().map(row -> row.toArray(String[]::new)).toArray(String[][]::new);
    String table = AsciiTable.getTable(HEADER, cells);
    // Up to where the last one begins, and away with it.
    out.print((drawn == 0 ? "" : "\u001b[" + drawn + "A\u001b[J") + table + "\n");
    out.flush();
    drawn = table.lines().count();
  }

  private void line(List<String> row) {
    StringBuilder line = new StringBuilder("  queue ").append(row.get(0)).append(':');
    for (int i = 1; i < HEADER.length; i++) {
      line.append(' ').append(row.get(i)).append(' ').append(HEADER[i]);
      line.append(i == HEADER.length - 1 ? "" : ",");
    }
    out.println(line);
  }
}

package dev.plinth.benchmarks.report;

import dev.plinth.benchmarks.Lines;
import dev.plinth.benchmarks.Result;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The program: reads result lines from files or standard input and prints the document. */
final class Report {
  private static final String DOCUMENT =
      """
      # Performance

      Measured by `benchmarks/run` on one PostgreSQL with default durability, beside what one would pick instead and beside
      the physical limit; see [benchmarks](../benchmarks/README.md) for what each workload does and how each system is
      configured. Absolute figures only describe a machine: the ratios count. Where a ratio is marked p50, medians of the latency
      are compared, and less is better.

      %s
      ## Conditions

      %s
      ## Versions and sizes

      %s""";

  private Report() {}

  public static void main(String[] args) throws IOException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    List<Result> results;
    try {
      results = read(lines(List.of(args)));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    out.print(document(results));
  }

  static String document(List<Result> results) {
    Tables tables = new Tables(results);
    return DOCUMENT.formatted(tables.results(), tables.conditions(), tables.particulars());
  }

  /** Blank lines are passed over. */
  static List<Result> read(List<String> lines) {
    List<Result> results =
        lines.stream()
            .filter(line -> !line.isBlank())
            .map(line -> Lines.read(line, Result.class))
            .toList();
    if (results.isEmpty()) {
      throw new IllegalArgumentException("There are no results: give what benchmarks/run printed");
    }
    return results;
  }

  private static List<String> lines(List<String> files) throws IOException {
    if (files.isEmpty()) {
      return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
          .lines()
          .toList();
    }
    List<String> lines = new ArrayList<>();
    for (String file : files) {
      lines.addAll(Files.readAllLines(Path.of(file)));
    }
    return lines;
  }
}

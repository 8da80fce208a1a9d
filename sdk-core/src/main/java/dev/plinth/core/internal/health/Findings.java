package dev.plinth.core.internal.health;

import dev.plinth.core.health.Health.Finding;
import dev.plinth.core.health.HealthStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects findings, from two threads if need be. */
final class Findings {
  private static final int MAX_MESSAGE = 1_000;

  private final List<Finding> found = new ArrayList<>();

  void down(String part, String message) {
    add(HealthStatus.DOWN, part, message);
  }

  void degraded(String part, String message) {
    add(HealthStatus.DEGRADED, part, message);
  }

  synchronized void add(HealthStatus status, String part, String message) {
    String cut =
        message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "…";
    found.add(new Finding(status, part, cut));
  }

  /** The worst first. */
  synchronized List<Finding> sorted() {
    return found.stream()
        .sorted(Comparator.comparing(Finding::status).reversed())
        .distinct()
        .toList();
  }
}

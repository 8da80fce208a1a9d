package dev.plinth.quota;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One limit that a denied charge was held against.
 *
 * @param usage how the user stood, and stands, since a denial charges nothing
 * @param requested how much of this limit was asked for
 * @param unit the unit for people; may be empty
 */
public record Check(Usage usage, BigDecimal requested, String unit) {
  /** True when this limit alone would have allowed the charge. */
  public boolean passes() {
    return excess().signum() == 0;
  }

  /** By how much the charge would have gone over; zero when it passes. */
  public BigDecimal excess() {
    return usage.used().add(usage.held()).add(requested).subtract(usage.cap()).max(BigDecimal.ZERO);
  }

  /**
   * How long after {@code at} this limit would allow the charge if nobody else used any of it; zero
   * when it passes, empty when waiting does not help: a gauge falls only by a release, and no
   * window is large enough for more than the cap.
   */
  public Optional<Duration> passesAfter(Instant at) {
    if (passes()) {
      return Optional.of(Duration.ZERO);
    }
    Instant resetsAt = usage.resetsAt();
    if (resetsAt == null || usage.held().add(requested).compareTo(usage.cap()) > 0) {
      return Optional.empty();
    }
    Duration wait = Duration.between(at, resetsAt);
    return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
  }

  /** In words: {@code storage_mb: 4990 of 5000 MB used, 12 asked for, 2 too much}. */
  public String explain() {
    String measure = unit.isEmpty() ? "" : " " + unit;
    String held =
        usage.held().signum() == 0 ? "" : " and " + usage.held().toPlainString() + " held";
    String verdict = passes() ? "passes" : excess().toPlainString() + " too much" + outlook();
    return usage.limit()
        + ": "
        + usage.used().toPlainString()
        + " of "
        + usage.cap().toPlainString()
        + measure
        + " used"
        + held
        + ", "
        + requested.toPlainString()
        + " asked for, "
        + verdict;
  }

  private String outlook() {
    Instant resetsAt = usage.resetsAt();
    if (requested.compareTo(usage.cap()) > 0) {
      return "; more than the cap allows at all";
    }
    return resetsAt == null ? "; some must be released first" : "; resets at " + resetsAt;
  }
}

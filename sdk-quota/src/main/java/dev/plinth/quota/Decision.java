package dev.plinth.quota;

import dev.plinth.core.spi.Args;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** What became of a charge: all of it was charged, or none. Immutable. */
public sealed interface Decision {
  /** Whose limits were asked. */
  UUID userId();

  /** True for {@link Charged}. */
  boolean isCharged();

  /**
   * All limits allowed it, and all were charged.
   *
   * @param userId whose limits
   * @param usage how the user stands now with each limit charged, in the order of their names
   */
  record Charged(UUID userId, List<Usage> usage) implements Decision {
    /** Checks the arguments. */
    public Charged {
      Args.notNull(userId, "userId");
      usage = List.copyOf(usage);
    }

    @Override
    public boolean isCharged() {
      return true;
    }
  }

  /**
   * At least one limit did not allow it, and nothing was charged.
   *
   * @param userId whose limits
   * @param at when it was decided, by the database's clock
   * @param checks every limit asked, in the order of their names, those that would have allowed it
   *     too
   */
  record Denied(UUID userId, Instant at, List<Check> checks) implements Decision {
    /** Checks the arguments; at least one check does not pass. */
    public Denied {
      Args.notNull(userId, "userId");
      Args.notNull(at, "at");
      checks = List.copyOf(checks);
      Args.check(
          !checks.stream().allMatch(Check::passes), "checks must hold one that does not pass");
    }

    @Override
    public boolean isCharged() {
      return false;
    }

    /** The limits that did not allow it, in the order of their names; at least one. */
    public List<Check> exceeded() {
      return checks.stream().filter(check -> !check.passes()).toList();
    }

    /** The name of the first limit that did not allow it. */
    public String limit() {
      return first().usage().limit();
    }

    /** How much of that limit is used. */
    public BigDecimal used() {
      return first().usage().used();
    }

    /** That limit's cap for the user. */
    public BigDecimal cap() {
      return first().usage().cap();
    }

    /** How much of that limit was asked for. */
    public BigDecimal requested() {
      return first().requested();
    }

    /**
     * The earliest time from now at which all limits would allow the charge, if nothing else is
     * charged until then; empty when waiting does not help.
     */
    public Optional<Duration> retryAfter() {
      Duration longest = Duration.ZERO;
      for (Check check : exceeded()) {
        Optional<Duration> wait = check.passesAfter(at);
        if (wait.isEmpty()) {
          return Optional.empty();
        }
        longest = wait.get().compareTo(longest) > 0 ? wait.get() : longest;
      }
      return Optional.of(longest);
    }

    /** Every limit asked and how it answered, one line each, for people. */
    public String explain() {
      return checks.stream().map(Check::explain).collect(Collectors.joining("\n"));
    }

    private Check first() {
      return exceeded().get(0);
    }
  }
}

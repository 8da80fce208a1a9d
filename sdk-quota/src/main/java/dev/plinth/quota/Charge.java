package dev.plinth.quota;

import dev.plinth.core.spi.Args;
import dev.plinth.quota.internal.Micros;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Amounts of one or more limits that are charged together or not at all. Immutable.
 *
 * <pre>{@code
 * Charge.of("files", 1)
 *     .and("storage_mb", BigDecimal.valueOf(bytes, 6))
 *     .and("cpu_seconds", Duration.ofNanos(cpuNanos))
 * }</pre>
 *
 * <p>Amounts are more than zero, at most 10<sup>12</sup>, and exact to six decimal places. A limit
 * named twice is charged the sum.
 */
public final class Charge {
  private final SortedMap<String, BigDecimal> amounts;

  private Charge(SortedMap<String, BigDecimal> amounts) {
    this.amounts = Collections.unmodifiableSortedMap(amounts);
  }

  /** Whole units of one limit. */
  public static Charge of(String limit, long amount) {
    return of(limit, BigDecimal.valueOf(amount));
  }

  /** An amount of one limit, in its unit, with at most six decimal places. */
  public static Charge of(String limit, BigDecimal amount) {
    return new Charge(new TreeMap<>()).and(limit, amount);
  }

  /** A time, for a limit in seconds; rounded up to the microsecond. */
  public static Charge of(String limit, Duration amount) {
    return of(limit, Micros.seconds(amount, "amount"));
  }

  /** The same with whole units of another limit. */
  public Charge and(String limit, long amount) {
    return and(limit, BigDecimal.valueOf(amount));
  }

  /** The same with an amount of another limit, in its unit, with at most six decimal places. */
  public Charge and(String limit, BigDecimal amount) {
    Args.text(limit, 63, "limit");
    Micros.ofAmount(amount, "amount");
    SortedMap<String, BigDecimal> sum = new TreeMap<>(amounts);
    Micros.ofAmount(sum.merge(limit, amount, BigDecimal::add), "amount");
    return new Charge(sum);
  }

  /** The same with a time, for a limit in seconds; rounded up to the microsecond. */
  public Charge and(String limit, Duration amount) {
    return and(limit, Micros.seconds(amount, "amount"));
  }

  /** The amounts by limit, in the limits' units and the order of their names. Unmodifiable. */
  public SortedMap<String, BigDecimal> amounts() {
    return amounts;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Charge that && amounts.equals(that.amounts);
  }

  @Override
  public int hashCode() {
    return amounts.hashCode();
  }

  @Override
  public String toString() {
    return "Charge" + amounts;
  }
}

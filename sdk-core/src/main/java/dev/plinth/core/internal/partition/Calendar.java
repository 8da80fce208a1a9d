package dev.plinth.core.internal.partition;

import dev.plinth.core.spi.PartitionedTable.Period;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;

/** Days and months, in UTC. */
final class Calendar {
  private Calendar() {}

  /** The first days of the period that holds the instant and of those ahead of it. */
  static List<LocalDate> periods(Period period, Instant now, int ahead) {
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    LocalDate first = period == Period.DAY ? today : today.withDayOfMonth(1);
    return Stream.iterate(first, day -> period == Period.DAY ? day.plusDays(1) : day.plusMonths(1))
        .limit(ahead + 1L)
        .toList();
  }

  static Instant begin(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}

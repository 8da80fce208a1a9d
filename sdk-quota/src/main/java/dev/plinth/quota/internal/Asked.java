package dev.plinth.quota.internal;

import dev.plinth.quota.Limit;
import dev.plinth.quota.Window;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Limits and amounts as the arrays that statements take, in the order of the limits' names. Private
 * to this package, which never writes to the arrays.
 */
@SuppressWarnings("ArrayRecordComponent") // bound to one statement and never compared
record Asked(
    String[] names,
    Long[] amounts,
    Long[] caps,
    @Nullable String[] units,
    @Nullable String[] zones) {

  static Asked of(List<Limit> limits, ToLongFunction<Limit> amount) {
    int size = limits.size();
    Asked asked =
        new Asked(
            new String[size], new Long[size], new Long[size], new String[size], new String[size]);
    for (int i = 0; i < size; i++) {
      Limit limit = limits.get(i);
      asked.names[i] = limit.name();
      asked.amounts[i] = amount.applyAsLong(limit);
      asked.caps[i] = Micros.ofCap(limit.cap(), "cap");
      if (limit.window() instanceof Window.Calendar calendar) {
        asked.units[i] = calendar.unit().name().toLowerCase(Locale.ROOT);
        asked.zones[i] = calendar.zone().getId();
      }
    }
    return asked;
  }

  int size() {
    return names.length;
  }
}

package dev.plinth.audit.internal;

import dev.plinth.audit.Page;
import dev.plinth.audit.PageRequest;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/** Makes a page of rows that were read one beyond its end, to know whether another follows. */
final class Pages {
  private Pages() {}

  static <T> Page<T> cut(List<T> rows, PageRequest page, Function<T, UUID> id) {
    if (rows.size() <= page.limit()) {
      return new Page<>(rows, null);
    }
    List<T> items = rows.subList(0, page.limit());
    return new Page<>(items, page.after(id.apply(items.get(items.size() - 1))));
  }
}

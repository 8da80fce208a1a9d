package dev.plinth.core.internal.migration;

import java.util.ArrayList;
import java.util.List;

/**
 * Migrations in a row that lock alike. Those in a transaction ask for their locks with a short
 * timeout, again and again, since whoever comes after them would queue behind the request. Those
 * outside of one, such as CREATE INDEX CONCURRENTLY, take locks that nobody but other DDL minds,
 * and have to begin from the start when a wait is broken off.
 *
 * @param last the last version of them
 */
record Segment(boolean transactional, int last) {
  static List<Segment> of(List<Script> scripts) {
    List<Segment> segments = new ArrayList<>();
    for (Script script : scripts) {
      Segment next = new Segment(script.transactional(), script.version());
      int previous = segments.size() - 1;
      if (previous >= 0 && segments.get(previous).transactional() == next.transactional()) {
        segments.set(previous, next);
      } else {
        segments.add(next);
      }
    }
    return segments;
  }
}

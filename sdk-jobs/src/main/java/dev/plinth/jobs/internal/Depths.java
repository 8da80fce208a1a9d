package dev.plinth.jobs.internal;

import dev.plinth.jobs.Depth;
import dev.plinth.jobs.JobCount;
import java.util.EnumMap;
import java.util.Map;

/** Numbers of jobs that have not ended, while they are counted. */
final class Depths {
  /** Where a job can stand. */
  enum Place {
    READY,
    SCHEDULED,
    RETRYING,
    PARKED,
    WAITING,
    RUNNING
  }

  private final Map<Place, JobCount> counts = new EnumMap<>(Place.class);

  void add(Place place, long jobs, boolean exact) {
    JobCount before = counts.getOrDefault(place, JobCount.NONE);
    counts.put(place, new JobCount(before.atLeast() + jobs, before.exact() && exact));
  }

  void add(Depths other) {
    other.counts.forEach((place, count) -> add(place, count.atLeast(), count.exact()));
  }

  Depth depth() {
    return new Depth(
        of(Place.READY),
        of(Place.SCHEDULED),
        of(Place.RETRYING),
        of(Place.PARKED),
        of(Place.WAITING),
        of(Place.RUNNING));
  }

  private JobCount of(Place place) {
    return counts.getOrDefault(place, JobCount.NONE);
  }
}

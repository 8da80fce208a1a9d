package dev.plinth.benchmarks.report;

import java.util.List;
import java.util.Map;

/** What is aimed at, by workload. */
final class Aims {
  private static final Map<String, List<Aim>> BY_WORKLOAD =
      Map.of(
          "jobs.drain", List.of(new Aim.OfBestPeer(5), new Aim.OfLimit(0.5)),
          "jobs.bulk", List.of(new Aim.OfLimit(0.7)),
          "jobs.single", List.of(new Aim.OfLimit(0.8), new Aim.OfBestPeer(1)),
          "jobs.pickup", List.of(new Aim.Latency(4, 12)),
          "jobs.pinned", List.of(new Aim.OfLimit(0.9)),
          "core.session", List.of(new Aim.OfLimit(0.8)),
          "core.apikey", List.of(new Aim.OfLimit(0.8)));

  private Aims() {}

  /** None for a workload that nothing was promised for. */
  static List<Aim> of(String workload) {
    return BY_WORKLOAD.getOrDefault(workload, List.of());
  }
}

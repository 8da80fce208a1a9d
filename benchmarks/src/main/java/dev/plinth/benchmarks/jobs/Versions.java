package dev.plinth.benchmarks.jobs;

import java.nio.file.Path;

/** Versions of libraries, by the files they come from. */
final class Versions {
  private Versions() {}

  /** The library's name and version. */
  static String of(String name, Class<?> type) {
    String file =
        Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath())
            .getFileName()
            .toString();
    return name + " " + file.replaceAll("^.*?-(\\d[^/]*)\\.jar$", "$1");
  }
}

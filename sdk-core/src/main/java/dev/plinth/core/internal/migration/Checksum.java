package dev.plinth.core.internal.migration;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Flyway's checksum of a script: CRC-32 of its lines without their ends. Computed here too, so that
 * a script run by a DBA can be entered in the history, and compared without Flyway.
 */
final class Checksum {
  private Checksum() {}

  static int of(String script) {
    CRC32 crc = new CRC32();
    script.lines().forEach(line -> crc.update(line.getBytes(StandardCharsets.UTF_8)));
    return (int) crc.getValue();
  }
}

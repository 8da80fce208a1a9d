package dev.plinth.examples.quickstart;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a file's bytes tell.
 *
 * @param path the file, relative to the folder
 * @param sha256 of its bytes, in hex
 * @param size in bytes
 * @param lines how many line feeds it has, and one more for a last line without
 * @param mediaType what the catalogue says of its extension
 * @param cpuMillis the CPU time that reading it took
 */
record FileFacts(
    String path, String sha256, long size, long lines, String mediaType, long cpuMillis) {
  FileFacts with(String mediaType, long cpuMillis) {
    return new FileFacts(path, sha256, size, lines, mediaType, cpuMillis);
  }

  static FileFacts read(Path folder, String path) throws IOException {
    MessageDigest digest = newDigest();
    long size = 0;
    long lines = 0;
    int last = '\n';
    byte[] buffer = new byte[64 * 1024];
    try (InputStream in =
        new DigestInputStream(Files.newInputStream(folder.resolve(path)), digest)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        for (int i = 0; i < n; i++) {
          if (buffer[i] == '\n') {
            lines++;
          }
        }
        if (n > 0) {
          last = buffer[n - 1];
        }
        size += n;
      }
    }
    String hex = HexFormat.of().formatHex(digest.digest());
    return new FileFacts(path, hex, size, last == '\n' ? lines : lines + 1, "", 0);
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}

package dev.plinth.core.internal.notify;

import dev.plinth.core.spi.Schema;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The one channel of a schema, and how a topic and its text travel on it.
 *
 * @param name at most 63 bytes, the limit of PostgreSQL
 */
record Channel(String name) {
  private static final int MAX_BYTES = 63;
  private static final char SEPARATOR = '\n';

  /** What arrived. */
  record Message(String topic, String payload) {}

  static Channel of(Schema schema) {
    String plain = "plinth:" + schema.name();
    byte[] bytes = plain.getBytes(StandardCharsets.UTF_8);
    return new Channel(bytes.length <= MAX_BYTES ? plain : "plinth#" + hash(bytes));
  }

  static String encode(String topic, String payload) {
    return topic + SEPARATOR + payload;
  }

  static Message decode(String text) {
    int end = text.indexOf(SEPARATOR);
    return end < 0
        ? new Message(text, "")
        : new Message(text.substring(0, end), text.substring(end + 1));
  }

  /** The name as an SQL identifier. */
  String quoted() {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static String hash(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}

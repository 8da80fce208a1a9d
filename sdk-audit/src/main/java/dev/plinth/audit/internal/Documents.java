package dev.plinth.audit.internal;

import dev.plinth.audit.Action;
import dev.plinth.core.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The documents of one action as they are stored: whole where they fit, else the largest replaced
 * by their length and hash.
 */
record Documents(@Nullable Json before, @Nullable Json after, Json metadata, boolean isCut) {
  static final int LIMIT = 64 * 1024;

  /** No character takes more bytes in UTF-8 than this. */
  private static final int MOST_BYTES = 3;

  static Documents of(Action action) {
    return fit(action.before(), action.after(), action.metadata());
  }

  static Documents fit(@Nullable Json before, @Nullable Json after, Json metadata) {
    if ((characters(before) + characters(after) + characters(metadata)) * MOST_BYTES <= LIMIT) {
      return new Documents(before, after, metadata, false);
    }
    long b = bytes(before);
    long a = bytes(after);
    long m = bytes(metadata);
    Documents fitting = new Documents(before, after, metadata, false);
    while (b + a + m > LIMIT) {
      if (b >= a && b >= m) {
        fitting = new Documents(cut(before), fitting.after, fitting.metadata, true);
        b = bytes(fitting.before);
      } else if (a >= m) {
        fitting = new Documents(fitting.before, cut(after), fitting.metadata, true);
        a = bytes(fitting.after);
      } else {
        fitting = new Documents(fitting.before, fitting.after, cut(metadata), true);
        m = bytes(fitting.metadata);
      }
    }
    return fitting;
  }

  private static Json cut(@Nullable Json document) {
    byte[] whole = utf8(document);
    return Json.object(
        Map.of(
            "cut",
            Map.of("bytes", whole.length, "sha256", HexFormat.of().formatHex(sha256(whole)))));
  }

  private static long characters(@Nullable Json document) {
    return document == null ? 0 : document.text().length();
  }

  private static long bytes(@Nullable Json document) {
    return utf8(document).length;
  }

  private static byte[] utf8(@Nullable Json document) {
    return document == null ? new byte[0] : document.text().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}

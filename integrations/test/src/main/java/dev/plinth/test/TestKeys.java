package dev.plinth.test;

import dev.plinth.core.vault.KeyProvider;
import dev.plinth.core.vault.KeyRing;
import java.nio.charset.StandardCharsets;

/**
 * The one key of every node in every test, in this process and in forked ones. Anyone can read it
 * here, so it protects nothing.
 */
final class TestKeys {
  private static final byte[] KEY =
      "plinth-test: this key is public.".getBytes(StandardCharsets.US_ASCII);

  private TestKeys() {}

  static KeyProvider ring() {
    return KeyRing.of("plinth-test", KEY);
  }
}

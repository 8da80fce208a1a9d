package dev.plinth.core.internal.token;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Remembers, in half a megabyte and without locks, which hashes were found good lately. A hint
 * only: it decides on which connection a hash is looked up, never what comes of it. Nobody can push
 * good ones out with bad ones, since bad ones are not kept.
 */
final class Familiar {
  private static final int SLOTS = 1 << 16;

  private final AtomicLongArray slots = new AtomicLongArray(SLOTS);

  boolean contains(TokenHash hash) {
    return slots.get(slot(hash)) == mark(hash);
  }

  void add(TokenHash hash) {
    slots.lazySet(slot(hash), mark(hash));
  }

  void remove(TokenHash hash) {
    slots.compareAndSet(slot(hash), mark(hash), 0);
  }

  private static int slot(TokenHash hash) {
    return ByteBuffer.wrap(hash.bytes()).getInt() & (SLOTS - 1);
  }

  private static long mark(TokenHash hash) {
    return ByteBuffer.wrap(hash.bytes(), Integer.BYTES, Long.BYTES).getLong();
  }
}

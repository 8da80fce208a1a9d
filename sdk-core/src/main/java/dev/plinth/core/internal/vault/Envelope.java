package dev.plinth.core.internal.vault;

import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.TamperedException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/**
 * The bytes of an encrypted value: version (1), id of the data key (16), nonce (12), ciphertext,
 * tag (16). The associated data is the version and the id, then {@code table|column|row}.
 */
final class Envelope {
  static final byte VERSION = 1;

  private static final int HEADER_BYTES = 1 + 16;
  private static final int SEALED_AT = HEADER_BYTES + AesGcm.NONCE_BYTES;
  private static final int LEAST_BYTES = SEALED_AT + AesGcm.TAG_BYTES;

  private final byte[] bytes;

  private Envelope(byte[] bytes) {
    this.bytes = bytes;
  }

  static byte[] seal(DataKey key, byte[] nonce, Cell cell, byte[] plaintext) {
    byte[] header =
        ByteBuffer.allocate(HEADER_BYTES)
            .put(VERSION)
            .putLong(key.id().getMostSignificantBits())
            .putLong(key.id().getLeastSignificantBits())
            .array();
    byte[] sealed = AesGcm.seal(key.key(), nonce, associated(header, cell), plaintext);
    return ByteBuffer.allocate(SEALED_AT + sealed.length)
        .put(header)
        .put(nonce)
        .put(sealed)
        .array();
  }

  /** Checks the form, not yet the content. */
  static Envelope parse(Cell cell, byte[] bytes) {
    if (bytes.length < LEAST_BYTES) {
      throw new TamperedException(
          "The value of "
              + name(cell)
              + " has "
              + bytes.length
              + " bytes, fewer than the "
              + LEAST_BYTES
              + " of the shortest: it was cut, or never encrypted by this vault",
          null);
    }
    if (bytes[0] != VERSION) {
      throw new TamperedException(
          "The value of "
              + name(cell)
              + " is of version "
              + Byte.toUnsignedInt(bytes[0])
              + ", and this Plinth knows version "
              + VERSION
              + " only: it was changed, never encrypted by this vault, or written by a newer Plinth",
          null);
    }
    return new Envelope(bytes);
  }

  UUID dataKeyId() {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 1, 16);
    return new UUID(buffer.getLong(), buffer.getLong());
  }

  byte[] open(DataKey key, Cell cell) {
    byte[] header = Arrays.copyOf(bytes, HEADER_BYTES);
    byte[] nonce = Arrays.copyOfRange(bytes, HEADER_BYTES, SEALED_AT);
    return AesGcm.open(key.key(), nonce, associated(header, cell), bytes, SEALED_AT)
        .orElseThrow(
            () ->
                new TamperedException(
                    "The value of "
                        + name(cell)
                        + " does not fit its tag: it was changed, or belongs to another row or column;"
                        + " restore it from a backup",
                    null));
  }

  static String name(Cell cell) {
    return cell.table() + "." + cell.column() + " (row " + cell.row() + ")";
  }

  private static byte[] associated(byte[] header, Cell cell) {
    byte[] place =
        (cell.table() + "|" + cell.column() + "|" + cell.row()).getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(header.length + place.length).put(header).put(place).array();
  }
}

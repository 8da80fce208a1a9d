package dev.plinth.core.internal.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Notes whether a document may be anything but well formed and storable: text that a serializer
 * wrote past the generator, or a number that {@code numeric} may not hold.
 */
final class WatchedGenerator extends JsonGeneratorDelegate {
  private boolean doubtful;

  WatchedGenerator(JsonGenerator to) {
    // Nested values come back to this one instead of going straight to the other.
    super(to, false);
  }

  /** True when the document must be read to know. */
  boolean isDoubtful() {
    return doubtful;
  }

  @Override
  public void writeRaw(String text) throws IOException {
    doubtful = true;
    super.writeRaw(text);
  }

  @Override
  public void writeRaw(String text, int offset, int len) throws IOException {
    doubtful = true;
    super.writeRaw(text, offset, len);
  }

  @Override
  public void writeRaw(SerializableString raw) throws IOException {
    doubtful = true;
    super.writeRaw(raw);
  }

  @Override
  public void writeRaw(char[] text, int offset, int len) throws IOException {
    doubtful = true;
    super.writeRaw(text, offset, len);
  }

  @Override
  public void writeRaw(char c) throws IOException {
    doubtful = true;
    super.writeRaw(c);
  }

  @Override
  public void writeRawValue(String text) throws IOException {
    doubtful = true;
    super.writeRawValue(text);
  }

  @Override
  public void writeRawValue(String text, int offset, int len) throws IOException {
    doubtful = true;
    super.writeRawValue(text, offset, len);
  }

  @Override
  public void writeRawValue(SerializableString raw) throws IOException {
    doubtful = true;
    super.writeRawValue(raw);
  }

  @Override
  public void writeRawValue(char[] text, int offset, int len) throws IOException {
    doubtful = true;
    super.writeRawValue(text, offset, len);
  }

  @Override
  public void writeRawUTF8String(byte[] text, int offset, int length) throws IOException {
    doubtful = true;
    super.writeRawUTF8String(text, offset, length);
  }

  @Override
  public void writeUTF8String(byte[] text, int offset, int length) throws IOException {
    doubtful = true;
    super.writeUTF8String(text, offset, length);
  }

  @Override
  public void writeNumber(BigInteger v) throws IOException {
    doubtful = true;
    super.writeNumber(v);
  }

  @Override
  public void writeNumber(BigDecimal v) throws IOException {
    doubtful = true;
    super.writeNumber(v);
  }

  @Override
  public void writeNumber(String encodedValue) throws IOException {
    doubtful = true;
    super.writeNumber(encodedValue);
  }

  @Override
  public void writeNumber(char[] encodedValueBuffer, int offset, int length) throws IOException {
    doubtful = true;
    super.writeNumber(encodedValueBuffer, offset, length);
  }
}

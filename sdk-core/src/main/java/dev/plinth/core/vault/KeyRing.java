package dev.plinth.core.vault;

import dev.plinth.core.internal.vault.AesGcm;
import dev.plinth.core.spi.Args;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Keys of 256 bits held in memory: the current one wraps new data keys, the others unwrap those of
 * before. They wrap with AES-256-GCM. Immutable, so safe for use by many threads.
 *
 * <pre>{@code
 * Plinth.builder().keys(KeyRing.fromEnvironment("PLINTH_KEYS"))   // 2026-11:base64,2025-11:base64
 * }</pre>
 *
 * <p>To change the key without a gap: add the new one behind the current one on every node, then
 * put it first on every node. The old one stays until no data key is wrapped by it. Make a key with
 * {@code openssl rand -base64 32}.
 */
public final class KeyRing implements KeyProvider {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,100}");
  private static final byte VERSION = 1;
  private static final int SEALED_AT = 1 + AesGcm.NONCE_BYTES;
  private static final int LEAST_BYTES = SEALED_AT + AesGcm.TAG_BYTES + 1;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String currentId;
  private final Map<String, SecretKey> keys;

  private KeyRing(String currentId, Map<String, SecretKey> keys) {
    this.currentId = currentId;
    this.keys = keys;
  }

  /**
   * A ring of one key, the current one.
   *
   * @param id 1 to 100 letters, digits, {@code .}, {@code _} or {@code -}; stored beside the data
   *     keys and not secret; never give another key the same id
   * @param key 32 random bytes; copied
   */
  public static KeyRing of(String id, byte[] key) {
    return new KeyRing(requireId(id, "id"), Map.of(id, requireKey(key, "key")));
  }

  /**
   * The ring with one more key, to unwrap what it once wrapped.
   *
   * @throws IllegalArgumentException also when the ring has a key of this id
   */
  public KeyRing and(String id, byte[] key) {
    return with(requireId(id, "id"), requireKey(key, "key"), "id");
  }

  /**
   * The ring in an environment variable: {@code id:base64} entries separated by commas, blanks or
   * line breaks, the current key first.
   *
   * @throws IllegalArgumentException when the variable is not set or not of this form; the message
   *     never repeats its value
   */
  public static KeyRing fromEnvironment(String variable) {
    Args.text(variable, 255, "variable");
    String value = System.getenv(variable);
    Args.check(
        value != null && !value.isBlank(),
        "The environment variable " + variable + " must hold keys as id:base64,id:base64");
    return parse(Args.notNull(value, variable), "The environment variable " + variable);
  }

  /**
   * The ring in a UTF-8 file of the same form as {@link #fromEnvironment}; lines that begin with
   * {@code #} are comments.
   *
   * @throws UncheckedIOException when the file cannot be read
   */
  public static KeyRing fromFile(Path file) {
    Args.notNull(file, "file");
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      return parse(text.replaceAll("(?m)^\\s*#.*$", ""), "The file " + file);
    } catch (IOException e) {
      throw new UncheckedIOException("The key file " + file + " cannot be read", e);
    }
  }

  static KeyRing parse(String text, String source) {
    KeyRing ring = null;
    int number = 0;
    for (String entry : text.split("[,\\s]+", -1)) {
      if (entry.isEmpty()) {
        continue;
      }
      String name = source + ": entry " + ++number;
      int colon = entry.indexOf(':');
      Args.check(colon > 0, name + " must be of the form id:base64");
      String id = requireId(entry.substring(0, colon), name + ": the id");
      SecretKey key = requireKey(decode(entry.substring(colon + 1), name), name + ": the key");
      ring = ring == null ? new KeyRing(id, Map.of(id, key)) : ring.with(id, key, name);
    }
    Args.check(ring != null, source + " must hold at least one key as id:base64");
    return Args.notNull(ring, source);
  }

  @Override
  public String currentKeyId() {
    return currentId;
  }

  /** The ids of all keys, the current one among them. */
  public Set<String> keyIds() {
    return keys.keySet();
  }

  @Override
  public byte[] wrap(String keyId, SecretKey dataKey) {
    Args.notNull(dataKey, "dataKey");
    SecretKey key = keys.get(Args.notNull(keyId, "keyId"));
    if (key == null) {
      throw new UnknownKeyException(keyId);
    }
    byte[] nonce = new byte[AesGcm.NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    byte[] plain = dataKey.getEncoded();
    byte[] sealed = AesGcm.seal(key, nonce, associated(keyId), plain);
    Arrays.fill(plain, (byte) 0);
    return ByteBuffer.allocate(SEALED_AT + sealed.length)
        .put(VERSION)
        .put(nonce)
        .put(sealed)
        .array();
  }

  /**
   * {@inheritDoc}
   *
   * @throws TamperedException when the key of this id is not the one that wrapped the data key, or
   *     the wrapped bytes were changed
   */
  @Override
  public Optional<SecretKey> unwrap(String keyId, byte[] wrapped) {
    Args.notNull(wrapped, "wrapped");
    SecretKey key = keys.get(Args.notNull(keyId, "keyId"));
    if (key == null) {
      return Optional.empty();
    }
    if (wrapped.length < LEAST_BYTES || wrapped[0] != VERSION) {
      throw unfitting(keyId);
    }
    byte[] nonce = Arrays.copyOfRange(wrapped, 1, SEALED_AT);
    byte[] plain =
        AesGcm.open(key, nonce, associated(keyId), wrapped, SEALED_AT)
            .orElseThrow(() -> unfitting(keyId));
    SecretKey dataKey = new SecretKeySpec(plain, "AES");
    Arrays.fill(plain, (byte) 0);
    return Optional.of(dataKey);
  }

  /** Names the keys by their ids and shows none. */
  @Override
  public String toString() {
    return "KeyRing[current=" + currentId + ", ids=" + keys.keySet() + "]";
  }

  private KeyRing with(String id, SecretKey key, String name) {
    Args.check(
        !keys.containsKey(id), name + " must differ from those in the ring, but is \"" + id + "\"");
    Map<String, SecretKey> more = new LinkedHashMap<>(keys);
    more.put(id, key);
    return new KeyRing(currentId, Map.copyOf(more));
  }

  private static TamperedException unfitting(String keyId) {
    return new TamperedException(
        "The key \""
            + keyId
            + "\" of the key ring does not unwrap a data key that was wrapped under this id: its bytes"
            + " differ from before, or the row of vault_data_keys was changed. Give back the key that"
            + " had this id, and a new key an id of its own",
        null);
  }

  private static byte[] associated(String keyId) {
    return ("plinth data key|" + keyId).getBytes(StandardCharsets.UTF_8);
  }

  private static String requireId(@Nullable String id, String name) {
    return Args.matching(id, ID, "1 to 100 letters, digits, or any of . _ -", name);
  }

  private static SecretKey requireKey(byte @Nullable [] key, String name) {
    byte[] bytes = Args.notNull(key, name);
    Args.check(
        bytes.length == AesGcm.KEY_BYTES,
        name + " must have 32 bytes, but has " + bytes.length + ": openssl rand -base64 32");
    return new SecretKeySpec(bytes, "AES");
  }

  private static byte[] decode(String base64, String name) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      // Without the cause, whose message quotes a character of the key.
      throw new IllegalArgumentException(name + ": the key must be in Base64 (RFC 4648)");
    }
  }
}

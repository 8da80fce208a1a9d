package dev.plinth.core.internal.password;

import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.password.PasswordOptions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * A password's hash by Argon2id (RFC 9106), and its text in the PHC string format.
 *
 * @param memoryKib memory
 * @param iterations passes over it
 * @param parallelism lanes
 */
record Argon2id(int memoryKib, int iterations, int parallelism) {
  private static final int SALT = 16;
  private static final int HASH = 32;
  private static final int MAX_MEMORY = 262_144;
  private static final Pattern TEXT =
      Pattern.compile("\\$argon2id\\$v=19\\$m=(\\d+),t=(\\d+),p=(\\d+)\\$([^$]+)\\$([^$]+)");

  static Argon2id of(PasswordOptions options) {
    return new Argon2id(options.memoryKib(), options.iterations(), options.parallelism());
  }

  /** A new hash, under a salt of its own. */
  PasswordHash hash(byte[] password, SecureRandom random) {
    byte[] salt = new byte[SALT];
    random.nextBytes(salt);
    return text(salt, compute(password, salt, HASH));
  }

  /** One of the same form that no password has: comparing with it takes the usual time. */
  PasswordHash ofNobody(SecureRandom random) {
    byte[] salt = new byte[SALT];
    byte[] hash = new byte[HASH];
    random.nextBytes(salt);
    random.nextBytes(hash);
    return text(salt, hash);
  }

  static boolean matches(PasswordHash stored, byte[] password) {
    Matcher parts = parts(stored);
    Base64.Decoder decoder = Base64.getDecoder();
    byte[] expected = decoder.decode(parts.group(5));
    byte[] computed =
        cost(parts).compute(password, decoder.decode(parts.group(4)), expected.length);
    return MessageDigest.isEqual(expected, computed);
  }

  /** What a stored hash costs. */
  static Argon2id costOf(PasswordHash stored) {
    return cost(parts(stored));
  }

  private static Argon2id cost(Matcher parts) {
    return new Argon2id(
        Integer.parseInt(parts.group(1)),
        Integer.parseInt(parts.group(2)),
        Integer.parseInt(parts.group(3)));
  }

  private static Matcher parts(PasswordHash stored) {
    Matcher parts = TEXT.matcher(stored.reveal());
    if (!parts.matches()) {
      throw new IllegalArgumentException("The stored hash is not Argon2id in PHC form");
    }
    return parts;
  }

  private byte[] compute(byte[] password, byte[] salt, int length) {
    // A row must not be able to ask for all memory there is.
    if (memoryKib > MAX_MEMORY || memoryKib < 8L * parallelism || iterations < 1) {
      throw new IllegalArgumentException("The stored hash asks for an unreasonable cost");
    }
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(memoryKib)
            .withIterations(iterations)
            .withParallelism(parallelism)
            .withSalt(salt)
            .build());
    byte[] hash = new byte[length];
    generator.generateBytes(password, hash);
    return hash;
  }

  private PasswordHash text(byte[] salt, byte[] hash) {
    Base64.Encoder encoder = Base64.getEncoder().withoutPadding();
    return PasswordHash.of(
        "$argon2id$v=19$m="
            + memoryKib
            + ",t="
            + iterations
            + ",p="
            + parallelism
            + '$'
            + encoder.encodeToString(salt)
            + '$'
            + encoder.encodeToString(hash));
  }
}

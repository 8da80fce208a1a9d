package dev.plinth.core.internal.password;

import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.password.PasswordOptions;
import java.security.SecureRandom;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.jspecify.annotations.Nullable;

/** Computes and compares hashes, so many at a time as the options allow. */
final class Hashing {
  private final Argon2id cost;
  private final Turns turns;
  private final SecureRandom random = new SecureRandom();
  private final PasswordHash nobody;

  Hashing(PasswordOptions options) {
    this.cost = Argon2id.of(options);
    this.turns = new Turns(options);
    this.nobody = cost.ofNobody(random);
  }

  PasswordHash hash(CharSequence password) {
    return turns.take(() -> PasswordBytes.apply(password, bytes -> cost.hash(bytes, random)));
  }

  /** Compares with a stored hash; where there is none or it is unreadable, with nobody's. */
  boolean matches(@Nullable String stored, CharSequence password) {
    PasswordHash hash =
        stored == null || !PasswordHash.isReadable(stored) ? nobody : PasswordHash.of(stored);
    return turns.take(() -> hash.isBcrypt() ? bcrypt(hash, password) : argon2(hash, password));
  }

  boolean needsRehash(PasswordHash hash) {
    if (hash.isBcrypt()) {
      return true;
    }
    Argon2id stored = Argon2id.costOf(hash);
    return stored.memoryKib() < cost.memoryKib()
        || stored.iterations() < cost.iterations()
        || stored.parallelism() != cost.parallelism();
  }

  private static boolean argon2(PasswordHash hash, CharSequence password) {
    return PasswordBytes.apply(password, bytes -> Argon2id.matches(hash, bytes));
  }

  /**
   * Systems that wrote bcrypt hashed what was typed, without normalising it, and the first 72 bytes
   * of it; whoever types it in the other form since is let in too.
   */
  private static boolean bcrypt(PasswordHash hash, CharSequence password) {
    return PasswordBytes.applyAsTyped(password, bytes -> bcrypt(hash, bytes))
        || (!PasswordBytes.isNormalised(password)
            && PasswordBytes.apply(password, bytes -> bcrypt(hash, bytes)));
  }

  private static boolean bcrypt(PasswordHash hash, byte[] password) {
    return OpenBSDBCrypt.checkPassword(hash.reveal(), password);
  }
}

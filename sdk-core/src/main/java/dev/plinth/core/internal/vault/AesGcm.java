package dev.plinth.core.internal.vault;

import java.security.GeneralSecurityException;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/** AES in Galois/Counter Mode (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag. */
public final class AesGcm {
  /** Bytes of a nonce. */
  public static final int NONCE_BYTES = 12;

  /** Bytes of a tag, which ends every ciphertext. */
  public static final int TAG_BYTES = 16;

  /** Bytes of a key. */
  public static final int KEY_BYTES = 32;

  private AesGcm() {}

  /** Ciphertext and tag. A nonce must never be used twice under one key. */
  public static byte[] seal(SecretKey key, byte[] nonce, byte[] associated, byte[] plaintext) {
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce);
      cipher.updateAAD(associated);
      return cipher.doFinal(plaintext);
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  /**
   * The plaintext, or empty when the tag does not fit key, nonce, associated data and ciphertext.
   *
   * @param sealed holds ciphertext and tag from the offset on
   */
  public static Optional<byte[]> open(
      SecretKey key, byte[] nonce, byte[] associated, byte[] sealed, int offset) {
    try {
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, key, nonce);
      cipher.updateAAD(associated);
      return Optional.of(cipher.doFinal(sealed, offset, sealed.length - offset));
    } catch (AEADBadTagException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  private static Cipher cipher(int mode, SecretKey key, byte[] nonce)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
    return cipher;
  }

  private static IllegalStateException unsupported(GeneralSecurityException e) {
    return new IllegalStateException("This Java runtime does not do AES-256 in GCM mode", e);
  }
}

package dev.plinth.core.internal.vault;

import dev.plinth.core.vault.KeyProvider;
import dev.plinth.core.vault.KeyProviderException;
import dev.plinth.core.vault.TamperedException;
import dev.plinth.core.vault.UnknownKeyException;
import dev.plinth.core.vault.VaultException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** Asks the key provider, and checks what it answers. */
final class Unwrapping {
  private final KeyProvider provider;
  private final SecureRandom random = new SecureRandom();

  Unwrapping(KeyProvider provider) {
    this.provider = provider;
  }

  /** The provider's current key. */
  String currentKeyId() {
    String id;
    try {
      id = provider.currentKeyId();
    } catch (RuntimeException e) {
      throw asException("current", "choose for", e);
    }
    if (id == null || id.isBlank() || id.length() > 100) {
      throw new VaultException(
          "The key provider's currentKeyId must have 1 to 100 characters: correct the provider",
          null);
    }
    return id;
  }

  DataKey unwrap(WrappedKey row) {
    byte[] wrapped = row.wrapped();
    if (wrapped == null) {
      throw new VaultException(
          "The data key "
              + row.id()
              + " was destroyed, so what was encrypted under it cannot be decrypted any more",
          null);
    }
    return new DataKey(row.id(), unwrap(row.id(), row.keyId(), wrapped));
  }

  private SecretKey unwrap(UUID id, String keyId, byte[] wrapped) {
    Optional<SecretKey> answer;
    try {
      answer = provider.unwrap(keyId, wrapped.clone());
    } catch (RuntimeException e) {
      throw asException(keyId, "unwrap", e);
    }
    SecretKey secret = answer.orElseThrow(() -> new UnknownKeyException(keyId));
    if (!"AES".equals(secret.getAlgorithm())) {
      throw new VaultException(
          "The key provider unwrapped the data key "
              + id
              + " as one that is not for AES: it must return the key that it was given to wrap",
          null);
    }
    return secret;
  }

  byte[] wrap(String keyId, SecretKey secret) {
    byte[] wrapped;
    try {
      wrapped = provider.wrap(keyId, secret);
    } catch (RuntimeException e) {
      throw asException(keyId, "wrap", e);
    }
    if (wrapped == null || wrapped.length == 0) {
      throw new VaultException(
          "The key provider wrapped a data key into nothing: it must return what unwrap takes",
          null);
    }
    return wrapped;
  }

  SecretKey random() {
    byte[] bytes = new byte[AesGcm.KEY_BYTES];
    random.nextBytes(bytes);
    SecretKey key = new SecretKeySpec(bytes, "AES");
    Arrays.fill(bytes, (byte) 0);
    return key;
  }

  private static RuntimeException asException(String keyId, String asked, RuntimeException e) {
    return e instanceof TamperedException || e instanceof UnknownKeyException
        ? e
        : new KeyProviderException(keyId, asked, e);
  }
}

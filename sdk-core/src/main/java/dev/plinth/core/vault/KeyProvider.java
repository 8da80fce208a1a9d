package dev.plinth.core.vault;

import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Where the key ring's keys come from: the environment, a file, a KMS. Safe for use by many
 * threads.
 *
 * <p>{@code KeyRing} holds keys in memory. A KMS that never hands out its keys implements {@link
 * #wrap} and {@link #unwrap} by calling it.
 */
public interface KeyProvider {
  /** The id of the key that wraps new data keys; ids are public and at most 100 characters. */
  String currentKeyId();

  /** Wraps a data key with the named key. May block; called rarely and with no connection held. */
  byte[] wrap(String keyId, SecretKey dataKey);

  /** Unwraps a data key; empty when the named key is not here. */
  Optional<SecretKey> unwrap(String keyId, byte[] wrapped);
}

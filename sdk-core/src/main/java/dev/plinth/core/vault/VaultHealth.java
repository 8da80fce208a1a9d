package dev.plinth.core.vault;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether the vault can do its work. Holds ids and messages, never a key.
 *
 * @param currentDataKey the data key that new values are encrypted under; null when it cannot be
 *     used, which {@code problem} explains, or has yet to be made
 * @param problem why nothing can be encrypted; null when all is well
 * @param unreadable data keys in use that could not be unwrapped, with the reason: the key ring
 *     lacks their key, or the provider is away; values under them cannot be read here
 * @param nearLimit data keys that have encrypted more than 2^31 values and are still the ones to
 *     encrypt under, since no new epoch could begin; at 2^32 the vault refuses
 * @param rotationFinished false while a requested re-encryption is under way
 * @param undecryptable values that the latest rotation could not decrypt
 */
public record VaultHealth(
    @Nullable UUID currentDataKey,
    @Nullable String problem,
    Map<UUID, String> unreadable,
    List<UUID> nearLimit,
    boolean rotationFinished,
    long undecryptable) {
  /** Copies the collections. */
  public VaultHealth {
    unreadable = Map.copyOf(unreadable);
    nearLimit = List.copyOf(nearLimit);
  }

  /** True when values can be encrypted, and all that is stored can be read as far as is known. */
  public boolean isHealthy() {
    return problem == null && unreadable.isEmpty() && undecryptable == 0;
  }
}

package dev.plinth.core.apikey;

import dev.plinth.core.spi.Args;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of a key that somebody presented.
 *
 * <p>The cases are for the host's own eyes: logs, metrics, a notice to the owner. To the caller all
 * but {@link Valid} are one and the same, such as 401 without a reason; whoever is told that a key
 * was revoked knows that it was a key. Only {@link Unknown} is decided without the secret being
 * right, so the other cases tell nothing to someone who guesses.
 */
public sealed interface KeyAuthentication {
  /**
   * The key is good.
   *
   * @param keyId the key
   * @param tenantId the tenant it belongs to, or null
   * @param owner who acts with it
   * @param scopes what it may be used for
   */
  record Valid(UUID keyId, @Nullable String tenantId, KeyOwner owner, List<String> scopes)
      implements KeyAuthentication {
    /** Keeps a copy of the scopes. */
    public Valid {
      scopes = List.copyOf(scopes);
    }

    /** The user who acts with it; empty for nodes and services. */
    public Optional<UUID> userId() {
      return owner.userId();
    }

    /** True when the key has this scope, letter for letter. */
    public boolean hasScope(String scope) {
      return scopes.contains(Args.notNull(scope, "scope"));
    }
  }

  /** Malformed, never issued, or of another tenant than the transaction's. */
  record Unknown() implements KeyAuthentication {}

  /**
   * Past its end, by the database's clock, or rotated and its overlap over.
   *
   * @param keyId the key
   */
  record Expired(UUID keyId) implements KeyAuthentication {}

  /**
   * Revoked.
   *
   * @param keyId the key
   */
  record Revoked(UUID keyId) implements KeyAuthentication {}

  /**
   * Good in itself, but its user is deactivated.
   *
   * @param keyId the key
   * @param userId the user
   */
  record OwnerInactive(UUID keyId, UUID userId) implements KeyAuthentication {}
}

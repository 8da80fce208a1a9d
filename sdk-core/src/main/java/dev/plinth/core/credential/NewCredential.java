package dev.plinth.core.credential;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A credential to be stored. Immutable.
 *
 * @param userId whose it is
 * @param integrationId the integration it is for, by the host's own key of at most 255 characters;
 *     or null
 * @param name what people call it, at most 255 characters; unique for the user and the integration
 * @param secret the secret
 */
public record NewCredential(
    UUID userId, @Nullable String integrationId, String name, Secret secret) {
  /** Checks the arguments. */
  public NewCredential {
    Args.notNull(userId, "userId");
    if (integrationId != null) {
      Args.text(integrationId, 255, "integrationId");
    }
    Args.text(name, 255, "name");
    Args.notNull(secret, "secret");
  }

  /** A credential for no integration in particular. */
  public static NewCredential of(UUID userId, String name, Secret secret) {
    return new NewCredential(userId, null, name, secret);
  }

  /** The same for an integration. */
  public NewCredential forIntegration(String integrationId) {
    return new NewCredential(userId, Args.notNull(integrationId, "integrationId"), name, secret);
  }
}

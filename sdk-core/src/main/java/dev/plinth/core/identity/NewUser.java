package dev.plinth.core.identity;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A user to be created. Start from {@link #withExternalId} or {@link #withEmail} and add to it;
 * immutable.
 *
 * @param externalId the host's own key, at most 255 characters, or null
 * @param email an address of at most 255 characters, or null
 * @param username letters, digits, {@code .}, {@code _}, {@code @}, {@code +} and {@code -}, at
 *     most 100, or null
 * @param fullName at most 255 characters, or null
 * @param picture at most 2,048 characters, or null
 * @param role primary role, at most 50 characters
 * @param authProvider {@code local} or a provider's name, at most 50 characters
 * @param settings a JSON object
 * @param metadata a JSON object
 */
public record NewUser(
    @Nullable String externalId,
    @Nullable String email,
    @Nullable String username,
    @Nullable String fullName,
    @Nullable String picture,
    String role,
    String authProvider,
    Json settings,
    Json metadata) {
  private static final Pattern EMAIL =
      Pattern.compile("[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}");
  private static final Pattern USERNAME = Pattern.compile("[\\p{L}\\p{N}._@+-]{1,100}");

  /** Checks every field. */
  public NewUser {
    Args.check(
        externalId != null || email != null || username != null,
        "externalId, email or username must be given");
    if (externalId != null) {
      Args.text(externalId, 255, "externalId");
    }
    if (email != null) {
      requireEmail(email);
    }
    if (username != null) {
      Args.matching(
          username, USERNAME, "1 to 100 letters, digits, or any of . _ @ + -", "username");
    }
    if (fullName != null) {
      Args.text(fullName, 255, "fullName");
    }
    if (picture != null) {
      Args.text(picture, 2048, "picture");
    }
    Args.text(role, 50, "role");
    Args.text(authProvider, 50, "authProvider");
    Args.notNull(settings, "settings").requireObject("settings");
    Args.notNull(metadata, "metadata").requireObject("metadata");
  }

  /** A user known by the host's own key. */
  public static NewUser withExternalId(String externalId) {
    return new NewUser(
        Args.text(externalId, 255, "externalId"),
        null,
        null,
        null,
        null,
        "user",
        "local",
        Json.emptyObject(),
        Json.emptyObject());
  }

  /** A user known by an address. */
  public static NewUser withEmail(String email) {
    return new NewUser(
        null,
        requireEmail(email),
        null,
        null,
        null,
        "user",
        "local",
        Json.emptyObject(),
        Json.emptyObject());
  }

  /** The same with another address, or without one. */
  public NewUser email(@Nullable String email) {
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same with a unique name. */
  public NewUser username(String username) {
    Args.notNull(username, "username");
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same with a display name. */
  public NewUser fullName(String fullName) {
    Args.notNull(fullName, "fullName");
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same with a picture's address. */
  public NewUser picture(String picture) {
    Args.notNull(picture, "picture");
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same with another primary role. */
  public NewUser role(String role) {
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same, authenticated by somebody else. */
  public NewUser authProvider(String authProvider) {
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same with preferences, a JSON object. */
  public NewUser settings(Json settings) {
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  /** The same with the host's own data, a JSON object. */
  public NewUser metadata(Json metadata) {
    return new NewUser(
        externalId, email, username, fullName, picture, role, authProvider, settings, metadata);
  }

  static String requireEmail(@Nullable String email) {
    Args.text(email, 255, "email");
    return Args.matching(email, EMAIL, "an address such as ada@example.org", "email");
  }
}

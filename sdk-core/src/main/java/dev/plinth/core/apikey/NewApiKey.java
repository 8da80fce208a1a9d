package dev.plinth.core.apikey;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A key to be issued. Immutable; start from {@link #of}.
 *
 * @param owner who will act with it
 * @param name what people call it, at most 255 characters
 * @param prefix what its text begins with: letters, digits and underscores, 32 at most, beginning
 *     with a letter and not ending in an underscore; {@code key} unless set
 * @param scopes what it may be used for, in the host's words; at most 100 of 100 characters each
 * @param metadata the host's own data, a JSON object of at most 16,384 characters
 * @param lifetime how long it is good for, at most 100 years; null when it does not expire
 */
public record NewApiKey(
    KeyOwner owner,
    String name,
    String prefix,
    List<String> scopes,
    Json metadata,
    @Nullable Duration lifetime) {
  private static final int MAX_SCOPES = 100;
  private static final int MAX_SCOPE = 100;
  private static final int MAX_METADATA = 16_384;
  private static final Duration MAX_LIFETIME = Duration.ofDays(36_525);
  private static final Pattern PREFIX =
      Pattern.compile("[A-Za-z](?:[A-Za-z0-9_]{0,30}[A-Za-z0-9])?");

  /** Checks the arguments. */
  public NewApiKey {
    Args.notNull(owner, "owner");
    Args.text(name, 255, "name");
    Args.matching(
        prefix,
        PREFIX,
        "letters, digits and underscores, at most 32, beginning with a letter and not ending in an"
            + " underscore",
        "prefix");
    scopes = requireScopes(scopes);
    requireMetadata(metadata);
    if (lifetime != null) {
      Args.positive(lifetime, "lifetime");
      Args.check(
          lifetime.compareTo(MAX_LIFETIME) <= 0,
          "lifetime must be at most 100 years; leave it out for a key that does not expire");
    }
  }

  /** A key without scopes that does not expire. */
  public static NewApiKey of(KeyOwner owner, String name) {
    return new NewApiKey(owner, name, "key", List.of(), Json.emptyObject(), null);
  }

  /** The same with another prefix, such as {@code acme_live}. */
  public NewApiKey withPrefix(String prefix) {
    return new NewApiKey(owner, name, prefix, scopes, metadata, lifetime);
  }

  /** The same with these scopes. */
  public NewApiKey withScopes(String... scopes) {
    return new NewApiKey(
        owner, name, prefix, Arrays.asList(Args.notNull(scopes, "scopes")), metadata, lifetime);
  }

  /** The same with other data of the host's. */
  public NewApiKey withMetadata(Json metadata) {
    return new NewApiKey(owner, name, prefix, scopes, metadata, lifetime);
  }

  /** The same, good for so long from its issue, by the database's clock. */
  public NewApiKey withLifetime(Duration lifetime) {
    return new NewApiKey(owner, name, prefix, scopes, metadata, Args.notNull(lifetime, "lifetime"));
  }

  /** The scopes without repetitions, if they are such as a key may have. */
  private static List<String> requireScopes(List<String> scopes) {
    Args.check(
        Args.notNull(scopes, "scopes").size() <= MAX_SCOPES,
        "scopes must be at most " + MAX_SCOPES);
    for (String scope : scopes) {
      Args.text(scope, MAX_SCOPE, "scopes");
    }
    return scopes.stream().distinct().toList();
  }

  private static void requireMetadata(Json metadata) {
    Args.notNull(metadata, "metadata").requireObject("metadata");
    Args.bounded(metadata.text(), MAX_METADATA, "metadata");
  }
}

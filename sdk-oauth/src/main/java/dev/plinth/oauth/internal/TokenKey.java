package dev.plinth.oauth.internal;

import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.TxOptions;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a grant is found by. */
public record TokenKey(@Nullable String tenant, UUID userId, String provider) {
  /** Checks what a caller named, before any SQL. */
  public static void check(@Nullable UUID userId, @Nullable String provider) {
    Args.notNull(userId, "userId");
    Args.text(provider, 50, "provider");
  }

  /** The tenant as the unique index holds it. */
  public String tenantOrBlank() {
    return tenant == null ? "" : tenant;
  }

  /** The key as a notification carries it; providers' names hold no slash. */
  public String text() {
    return userId + "/" + provider + "/" + tenantOrBlank();
  }

  /** The key out of a notification; empty when it is not one. */
  public static Optional<TokenKey> parse(String text) {
    String[] parts = text.split("/", 3);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new TokenKey(parts[2].isEmpty() ? null : parts[2], UUID.fromString(parts[0]), parts[1]));
    } catch (IllegalArgumentException e) {
      // Somebody else's payload on our topic.
      return Optional.empty();
    }
  }

  /**
   * How a transaction for this key is opened. Under row-level security rows without a tenant are
   * seen across tenants only; the statements find by the tenant themselves.
   */
  public TxOptions txOptions() {
    TxOptions options = TxOptions.defaults();
    return tenant == null ? options.withAllTenants() : options.withTenant(tenant);
  }
}

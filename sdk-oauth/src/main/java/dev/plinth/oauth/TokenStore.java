package dev.plinth.oauth;

import dev.plinth.core.identity.UnknownUserException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What can be done with grants in a transaction: {@code tokens.in(tx).store(…)}. The same calls on
 * {@link Tokens} run in the thread's current transaction or a short one of their own. Blocks; a
 * store made by {@code in(tx)} belongs to that transaction's thread.
 */
public interface TokenStore {
  /**
   * Stores what a provider handed out after the user consented, encrypted, in place of any earlier
   * grant of this user at this provider. Announces {@link TokenStored} in the same transaction.
   *
   * <p>The answer to a refresh that is under way for the earlier grant no longer counts.
   *
   * @throws UnknownProviderException when no such provider was saved
   * @throws UnknownUserException when there is no such user in this tenant; the transaction remains
   *     usable
   */
  StoredToken store(UUID userId, String provider, TokenSet tokens);

  /** What is known of a grant, without its secrets. */
  Optional<StoredToken> find(UUID userId, String provider);

  /**
   * Revokes a grant: its tokens are deleted here, every node forgets them within a second of the
   * commit, and {@link TokenRevoked} is announced in the same transaction.
   *
   * <p>If the provider has a revocation endpoint (RFC 7009) it is told after the commit, at least
   * once, with no connection held: at once where the end of the transaction can be seen, else by
   * the maintenance task {@code oauth.revocations}, which also repeats calls that failed.
   *
   * @return false when there was nothing to revoke
   */
  boolean revoke(UUID userId, String provider);

  /** The last hundred refreshes and revocations of a grant, newest first. */
  List<TokenRefresh> refreshes(UUID userId, String provider);
}

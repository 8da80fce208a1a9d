package dev.plinth.core.credential;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The repository of {@code credentials}. Standalone calls run in the thread's current transaction
 * or a short one of their own; {@link #in(Tx)} gives the same in a transaction at hand. Blocks;
 * safe for use by many threads.
 *
 * <pre>{@code
 * Credential made = plinth.credentials().create(
 *     NewCredential.of(userId, "ops", new Secret.ApiKey(key)).forIntegration("pager"));
 * Secret secret = plinth.credentials().open(made.id()).orElseThrow().secret();
 * }</pre>
 *
 * <p>In a transaction with a tenant, only that tenant's credentials are found and written; without
 * one, those of no tenant. Standalone and outside a transaction, encrypting and decrypting happen
 * with no connection held, so a slow KMS costs no connection.
 */
public interface Credentials {
  /** The same repository, working in the given transaction. */
  Credentials in(Tx tx);

  /**
   * Encrypts and stores a credential.
   *
   * @throws DuplicateCredentialException when the user has one of this name for this integration;
   *     the transaction remains usable
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user in the
   *     transaction's tenant; the transaction remains usable
   * @throws dev.plinth.core.vault.VaultException when the vault has no key to encrypt with
   */
  Credential create(NewCredential credential);

  /** By id, without the secret. */
  Optional<Credential> find(UUID id);

  /** By user, integration and name, without the secret. */
  Optional<Credential> find(UUID userId, @Nullable String integrationId, String name);

  /**
   * A user's credentials in ascending order of id, that is of creation, without their secrets.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<Credential> page(UUID userId, @Nullable UUID after, int limit);

  /**
   * The credential with its secret; empty when there is none, or it is not active. Writes {@code
   * last_used_at} when that is a minute old, unless the transaction is read-only or somebody else
   * is writing the row. Under {@code REPEATABLE READ} and stricter that write may end in a
   * serialization failure: repeat the transaction then, as {@code plinth.transact} does.
   *
   * @throws dev.plinth.core.vault.VaultException when it cannot be decrypted
   */
  Optional<OpenCredential> open(UUID id);

  /**
   * Replaces the secret, which may be of another type.
   *
   * @param credential as it was read
   * @return the credential as it now stands
   * @throws StaleCredentialException when somebody else changed it since it was read, or it is gone
   */
  Credential replace(Credential credential, Secret secret);

  /**
   * Has it not be opened any more, until it is activated again. Does nothing when it is so already.
   *
   * @return whether anything changed
   */
  boolean deactivate(UUID id);

  /**
   * Has it be opened again.
   *
   * @return whether anything changed
   */
  boolean activate(UUID id);

  /**
   * Deletes it.
   *
   * @return whether there was one
   */
  boolean delete(UUID id);
}

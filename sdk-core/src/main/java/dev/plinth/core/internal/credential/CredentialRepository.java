package dev.plinth.core.internal.credential;

import dev.plinth.core.PlinthException;
import dev.plinth.core.credential.Credential;
import dev.plinth.core.credential.Credentials;
import dev.plinth.core.credential.DuplicateCredentialException;
import dev.plinth.core.credential.NewCredential;
import dev.plinth.core.credential.OpenCredential;
import dev.plinth.core.credential.Secret;
import dev.plinth.core.credential.StaleCredentialException;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.Vault;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Checks arguments and chooses the transaction. Standalone, the vault is asked between transactions
 * and not inside one.
 */
public final class CredentialRepository implements Credentials {
  private static final UUID FIRST = new UUID(0, 0);

  private final TxScope scope;
  private final CredentialRows rows;
  private final Supplier<Vault> vault;
  private final UuidV7 ids;
  private final BooleanSupplier joined;

  /**
   * Works in the given scope; the vault is asked for when a secret is written or opened.
   *
   * @param joined whether the scope is in a transaction that somebody else ends
   */
  public CredentialRepository(
      TxScope scope, Schema schema, UuidV7 ids, Supplier<Vault> vault, BooleanSupplier joined) {
    this(scope, new CredentialRows(schema), ids, vault, joined);
  }

  private CredentialRepository(
      TxScope scope,
      CredentialRows rows,
      UuidV7 ids,
      Supplier<Vault> vault,
      BooleanSupplier joined) {
    this.scope = scope;
    this.joined = joined;
    this.rows = rows;
    this.ids = ids;
    this.vault = vault;
  }

  @Override
  public Credentials in(Tx tx) {
    return new CredentialRepository(
        TxScope.of(tx), rows, ids, () -> vault.get().in(tx), () -> true);
  }

  @Override
  public Credential create(NewCredential credential) {
    Args.notNull(credential, "credential");
    UUID id = ids.next();
    byte[] value = seal(id, credential.secret());
    return scope.returning(
        tx ->
            rows.insert(Writable.require(tx), id, credential, value)
                .orElseThrow(
                    () ->
                        rows.userExists(tx, credential.userId())
                            ? new DuplicateCredentialException(credential.name())
                            : new UnknownUserException(credential.userId())));
  }

  @Override
  public Optional<Credential> find(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> rows.find(tx, id));
  }

  @Override
  public Optional<Credential> find(UUID userId, @Nullable String integrationId, String name) {
    Args.notNull(userId, "userId");
    if (integrationId != null) {
      Args.text(integrationId, 255, "integrationId");
    }
    Args.text(name, 255, "name");
    return scope.returning(tx -> rows.find(tx, userId, integrationId, name));
  }

  @Override
  public List<Credential> page(UUID userId, @Nullable UUID after, int limit) {
    Args.notNull(userId, "userId");
    Args.range(limit, 1, 1000, "limit");
    return scope.returning(tx -> rows.page(tx, userId, after == null ? FIRST : after, limit));
  }

  @Override
  public Optional<OpenCredential> open(UUID id) {
    Args.notNull(id, "id");
    Optional<CredentialRows.Sealed> sealed = scope.returning(tx -> rows.sealed(tx, id));
    if (sealed.isEmpty()) {
      return Optional.empty();
    }
    byte[] plain = vault.get().decrypt(cell(id), sealed.get().value());
    Secret secret = SecretText.read(sealed.get().credential().type(), plain);
    Arrays.fill(plain, (byte) 0);
    if (sealed.get().isDue()) {
      noteUse(id);
    }
    return Optional.of(new OpenCredential(sealed.get().credential(), secret));
  }

  @Override
  public Credential replace(Credential credential, Secret secret) {
    Args.notNull(credential, "credential");
    UUID id = Args.notNull(credential.id(), "id");
    byte[] value = seal(id, Args.notNull(secret, "secret"));
    return scope.returning(
        tx ->
            rows.replace(Writable.require(tx), credential, secret, value)
                .orElseThrow(() -> new StaleCredentialException(id, credential.version())));
  }

  @Override
  public boolean deactivate(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> rows.setActive(Writable.require(tx), id, false));
  }

  @Override
  public boolean activate(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> rows.setActive(Writable.require(tx), id, true));
  }

  @Override
  public boolean delete(UUID id) {
    Args.notNull(id, "id");
    return scope.returning(tx -> rows.delete(Writable.require(tx), id));
  }

  private byte[] seal(UUID id, Secret secret) {
    byte[] plain = SecretText.of(secret);
    byte[] value = vault.get().encrypt(cell(id), plain);
    Arrays.fill(plain, (byte) 0);
    return value;
  }

  /** Does not cost a reader the secret; only a transaction that it aborted must be told of it. */
  private void noteUse(UUID id) {
    boolean abortsOthers = joined.getAsBoolean();
    try {
      scope.returning(tx -> rows.touch(tx, id));
    } catch (PlinthException e) {
      if (abortsOthers) {
        throw e;
      }
      // The next use tells it; who asked has the secret.
    }
  }

  private static Cell cell(UUID id) {
    return Cell.of("credentials", "encrypted_data", id.toString());
  }
}

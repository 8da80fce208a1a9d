package dev.plinth.core.internal.password;

import dev.plinth.core.event.Events;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.password.LogIn;
import dev.plinth.core.password.PasswordCheck;
import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.password.PasswordOptions;
import dev.plinth.core.password.Passwords;
import dev.plinth.core.password.StoredPasswords;
import dev.plinth.core.password.UserLoggedIn;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads, lets the connection go, hashes, then writes. */
public final class PasswordRepository implements Passwords {
  private final Transactions transactions;
  private final TxOptions options;
  private final PasswordRows rows;
  private final Hashing hashing;
  private final Events events;
  private final int minLength;

  /**
   * For users of no tenant, whom row-level security shows across tenants only; the statements find
   * by the tenant themselves.
   */
  public PasswordRepository(
      Transactions transactions, Schema schema, PasswordOptions options, Events events) {
    this.transactions = transactions;
    this.options = TxOptions.defaults().withAllTenants();
    this.rows = new PasswordRows(schema);
    this.hashing = new Hashing(options);
    this.events = events;
    this.minLength = options.minLength();
  }

  private PasswordRepository(PasswordRepository other, TxOptions options) {
    this.transactions = other.transactions;
    this.options = options;
    this.rows = other.rows;
    this.hashing = other.hashing;
    this.events = other.events;
    this.minLength = other.minLength;
  }

  @Override
  public StoredPasswords in(Tx tx) {
    return new PasswordWriter(TxScope.of(tx), rows, events);
  }

  @Override
  public Passwords forTenant(String tenant) {
    return new PasswordRepository(this, options.withTenant(tenant));
  }

  @Override
  public PasswordHash hash(CharSequence password) {
    PasswordBytes.require(password, minLength);
    refuseInTransaction();
    return hashing.hash(password);
  }

  @Override
  public boolean needsRehash(PasswordHash hash) {
    return hashing.needsRehash(Args.notNull(hash, "hash"));
  }

  @Override
  public void set(UUID userId, PasswordHash hash) {
    writer().set(userId, hash);
  }

  @Override
  public void set(UUID userId, CharSequence password) {
    Args.notNull(userId, "userId");
    set(userId, hash(password));
  }

  @Override
  public boolean remove(UUID userId) {
    return writer().remove(userId);
  }

  @Override
  public PasswordCheck verify(UUID userId, CharSequence password) {
    Args.notNull(userId, "userId");
    PasswordBytes.require(password, 1);
    refuseInTransaction();
    String stored = inNew(tx -> rows.byId(tx, userId)).map(PasswordRows.Stored::hash).orElse(null);
    boolean correct = hashing.matches(stored, password);
    return correct && stored != null
        ? new PasswordCheck.Correct(hashing.needsRehash(PasswordHash.of(stored)))
        : new PasswordCheck.Wrong();
  }

  @Override
  public LogIn logIn(String login, CharSequence password) {
    Args.text(login, 255, "login");
    PasswordBytes.require(password, 1);
    refuseInTransaction();
    Optional<PasswordRows.Stored> found = inNew(tx -> rows.byLogin(tx, login));
    String stored = found.map(PasswordRows.Stored::hash).orElse(null);
    boolean correct = hashing.matches(stored, password);
    if (!correct || stored == null) {
      return new LogIn.Denied();
    }
    PasswordRows.Stored user = found.orElseThrow();
    return user.isActive() ? loggedIn(user.id(), stored, password) : new LogIn.Inactive(user.id());
  }

  /**
   * Nothing is written when another log-in hashed the same password anew since it was read: so what
   * is stored now is compared too, once.
   */
  private LogIn loggedIn(UUID id, String stored, CharSequence password) {
    boolean written =
        written(id, stored, password)
            || inNew(tx -> rows.byId(tx, id))
                .filter(PasswordRows.Stored::isActive)
                .map(PasswordRows.Stored::hash)
                .filter(now -> !now.equals(stored) && hashing.matches(now, password))
                .filter(now -> written(id, now, password))
                .isPresent();
    return written ? new LogIn.LoggedIn(id) : new LogIn.Denied();
  }

  private boolean written(UUID id, String stored, CharSequence password) {
    String rehashed =
        hashing.needsRehash(PasswordHash.of(stored)) ? hashing.hash(password).reveal() : null;
    return inNew(
        tx -> {
          boolean done = rows.loggedIn(tx, id, stored, rehashed);
          if (done) {
            events.publish(tx, new UserLoggedIn(id));
          }
          return done;
        });
  }

  private PasswordWriter writer() {
    return new PasswordWriter(
        new TxScope() {
          @Override
          public <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
            return transactions.inCurrentOrNew(options, work);
          }
        },
        rows,
        events);
  }

  private <T> T inNew(TxFunction<T, RuntimeException> work) {
    return transactions.inNew(options, work);
  }

  private void refuseInTransaction() {
    if (transactions.isInTransaction()) {
      throw new IllegalStateException(
          "The calling thread is in a transaction, which would hold its connection while a password"
              + " is hashed: call this before it begins, and store with passwords().in(tx).set(…)");
    }
  }
}

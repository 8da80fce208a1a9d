package dev.plinth.core.internal.health;

import dev.plinth.core.PlinthException;
import dev.plinth.core.vault.VaultHealth;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the vault says of itself; may ask a KMS, so it has a thread of its own. */
final class VaultLook {
  private final Supplier<VaultHealth> vault;

  VaultLook(Supplier<VaultHealth> vault) {
    this.vault = vault;
  }

  /** What was found out so far; written by one thread and read by others. */
  static final class Seen {
    private volatile @Nullable VaultHealth health;
    private volatile @Nullable String failure;

    @Nullable VaultHealth health() {
      return health;
    }

    @Nullable String failure() {
      return failure;
    }
  }

  /** Throws nothing. */
  void into(Seen seen) {
    try {
      seen.health = vault.get();
    } catch (PlinthException e) {
      seen.failure = String.valueOf(e.getMessage());
    } catch (RuntimeException e) {
      // A key provider's own, whose message nobody here knows.
      seen.failure = e.getClass().getName();
    }
  }
}

/**
 * What follows the restoring of a backup: leases, fences, refresh tokens and sessions in it are of
 * a time that others remember differently. For hosts and operators; called through {@code
 * plinth.afterRestore(…)}. Start reading at {@link dev.plinth.core.restore.RestoreOptions}.
 */
@NullMarked
package dev.plinth.core.restore;

import org.jspecify.annotations.NullMarked;

/**
 * How transactions are opened, joined, repeated and ended. Reached through {@code Plinth} only;
 * start with {@link dev.plinth.core.internal.tx.Transactions}.
 */
@NullMarked
package dev.plinth.core.internal.tx;

import org.jspecify.annotations.NullMarked;

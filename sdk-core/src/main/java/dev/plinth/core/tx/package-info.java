/**
 * Transactions: what one is ({@link dev.plinth.core.tx.Tx}), where its connection comes from
 * ({@link dev.plinth.core.tx.ConnectionSource}) and how it fails.
 *
 * <p>Every write of every module happens inside a {@code Tx}, either Plinth's own or the host's.
 */
@NullMarked
package dev.plinth.core.tx;

import org.jspecify.annotations.NullMarked;

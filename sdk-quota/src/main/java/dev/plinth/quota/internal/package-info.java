/**
 * Behind {@link dev.plinth.quota.Quotas}: one class per statement, and the catalogue of limits.
 *
 * <p>Not for hosts. Start with {@code ChargeStatement}.
 */
@NullMarked
package dev.plinth.quota.internal;

import org.jspecify.annotations.NullMarked;

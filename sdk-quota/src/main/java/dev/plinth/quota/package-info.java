/**
 * Limits on what a user may use, held exactly across every process: gauges, such as megabytes
 * stored, and counters per calendar window, such as requests per hour.
 *
 * <p>Hosts begin with {@link dev.plinth.quota.Quotas}; what a charge comes to is a {@link
 * dev.plinth.quota.Decision}. The statements that decide stand in {@code internal}, of which {@code
 * ChargeStatement} is the one to read first.
 */
@NullMarked
package dev.plinth.quota;

import org.jspecify.annotations.NullMarked;

/**
 * Periodic tasks that any node may run, one at a time across the cluster.
 *
 * <p>Modules register their sweeps, folds and partitions here. Start with {@link
 * dev.plinth.core.maintenance.Maintenance}.
 */
@NullMarked
package dev.plinth.core.maintenance;

import org.jspecify.annotations.NullMarked;

/**
 * Behind {@link dev.plinth.core.migration.Migrations}: scripts read from the class path, compared
 * with what a database says was applied, and run under a lock on one connection. Flyway applies
 * them; the way back, the verification and the printed SQL are ours. Used by core alone.
 *
 * <p>Start with {@link dev.plinth.core.internal.migration.FlywayMigrations}, then {@code Migrate}.
 */
@NullMarked
package dev.plinth.core.internal.migration;

import org.jspecify.annotations.NullMarked;

/**
 * Migrations of Plinth's schema: apply, list, verify, print, undo, and the grants an application
 * needs.
 *
 * <p>Flyway does the applying behind {@link dev.plinth.core.migration.Migrations}.
 */
@NullMarked
package dev.plinth.core.migration;

import org.jspecify.annotations.NullMarked;

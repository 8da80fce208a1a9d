/**
 * A migrated PostgreSQL for tests, with Plinth, its modules and a settable clock injected.
 *
 * <p>Start with {@link dev.plinth.test.PlinthTest}.
 */
@NullMarked
package dev.plinth.test;

import org.jspecify.annotations.NullMarked;

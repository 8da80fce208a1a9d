/**
 * How jobs are written, claimed, run and ended. Each class of SQL holds one use case; {@link
 * dev.plinth.jobs.internal.Dispatcher} is where running begins.
 *
 * <p>Nothing outside this module may come here.
 */
@NullMarked
package dev.plinth.jobs.internal;

import org.jspecify.annotations.NullMarked;

/**
 * Usage that one module measures and another one counts: a job's processor time against a user's
 * quota, without either knowing the other.
 *
 * <p>Start with {@link dev.plinth.core.usage.UsageMeter}. Hosts with accounts of their own
 * implement it.
 */
@NullMarked
package dev.plinth.core.usage;

import org.jspecify.annotations.NullMarked;

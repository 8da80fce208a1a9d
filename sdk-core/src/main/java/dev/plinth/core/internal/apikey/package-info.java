/** SQL and rules behind {@link dev.plinth.core.apikey.ApiKeys}. */
@NullMarked
package dev.plinth.core.internal.apikey;

import org.jspecify.annotations.NullMarked;

/**
 * One refresh in the whole cluster: read, claim the lease and write the intent, call with no
 * connection held, settle by compare-and-set. Start with {@link
 * dev.plinth.oauth.internal.refresh.Refresher}.
 */
@NullMarked
package dev.plinth.oauth.internal.refresh;

import org.jspecify.annotations.NullMarked;

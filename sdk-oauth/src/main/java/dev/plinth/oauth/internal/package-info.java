/**
 * What stands behind {@code Tokens}: the module and how its parts are put together.
 *
 * <p>{@code refresh} holds the protocol of one refresh in the whole cluster, {@code store} the
 * other statements on grants, {@code provider} the clients, {@code http} the calls. Start with
 * {@link dev.plinth.oauth.internal.Engine}.
 */
@NullMarked
package dev.plinth.oauth.internal;

import org.jspecify.annotations.NullMarked;

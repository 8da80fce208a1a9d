/**
 * Calls to providers: one POST, bounded in time and size, never redirected, never repeated. Start
 * with {@link dev.plinth.oauth.internal.http.ProviderCalls}.
 */
@NullMarked
package dev.plinth.oauth.internal.http;

import org.jspecify.annotations.NullMarked;

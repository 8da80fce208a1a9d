/**
 * Providers and this installation's client at each, secrets encrypted. Start with {@link
 * dev.plinth.oauth.internal.provider.ProviderRepository}.
 */
@NullMarked
package dev.plinth.oauth.internal.provider;

import org.jspecify.annotations.NullMarked;

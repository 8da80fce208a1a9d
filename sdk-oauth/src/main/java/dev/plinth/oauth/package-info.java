/**
 * OAuth2 tokens in the host's own database: stored encrypted, refreshed once in the whole cluster,
 * revoked everywhere.
 *
 * <p>Hosts call what is here; what is behind it lives in {@code internal}. Start with {@link
 * dev.plinth.oauth.Tokens}.
 */
@NullMarked
package dev.plinth.oauth;

import org.jspecify.annotations.NullMarked;

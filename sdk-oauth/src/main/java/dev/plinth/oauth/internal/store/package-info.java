/**
 * Grants in the database: stored, found, revoked, and their history. Start with {@link
 * dev.plinth.oauth.internal.store.GrantRepository}.
 */
@NullMarked
package dev.plinth.oauth.internal.store;

import org.jspecify.annotations.NullMarked;

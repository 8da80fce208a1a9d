/**
 * API keys of users, nodes and services: issued once, kept as hashes, checked by one indexed read.
 *
 * <p>Used by hosts through {@code plinth.apiKeys()}. Start with {@link
 * dev.plinth.core.apikey.ApiKeys}.
 */
@NullMarked
package dev.plinth.core.apikey;

import org.jspecify.annotations.NullMarked;

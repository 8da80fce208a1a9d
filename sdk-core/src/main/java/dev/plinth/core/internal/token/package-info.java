/**
 * What API keys and session tokens share: their text, how one is looked up, and how its use is
 * noted. Used by their repositories only; start with {@link
 * dev.plinth.core.internal.token.TokenText}.
 */
@NullMarked
package dev.plinth.core.internal.token;

import org.jspecify.annotations.NullMarked;

/**
 * JSON at the edge: a validated document ({@link dev.plinth.core.json.Json}) and the codec that
 * maps objects to it.
 *
 * <p>No JSON library's type is visible here; Jackson stands behind the default codec.
 */
@NullMarked
package dev.plinth.core.json;

import org.jspecify.annotations.NullMarked;

/**
 * Jackson behind core's JSON types. Only {@code dev.plinth.core.json} and the builder call in here.
 */
@NullMarked
package dev.plinth.core.internal.json;

import org.jspecify.annotations.NullMarked;

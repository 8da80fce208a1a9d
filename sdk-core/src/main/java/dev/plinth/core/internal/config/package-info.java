/** What stands behind {@link dev.plinth.core.config.Configuration}. */
@NullMarked
package dev.plinth.core.internal.config;

import org.jspecify.annotations.NullMarked;

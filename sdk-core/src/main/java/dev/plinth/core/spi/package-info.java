/**
 * What a module needs to be one: its description, the schema's name in SQL, argument checks, and
 * thin JDBC access.
 *
 * <p>Used by Plinth's own modules and by anyone who writes another; hosts rarely come here. Start
 * with {@link dev.plinth.core.spi.FeatureModule}.
 */
@NullMarked
package dev.plinth.core.spi;

import org.jspecify.annotations.NullMarked;

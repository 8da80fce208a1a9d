/** The heartbeat behind {@link dev.plinth.core.instance.Instances}. */
@NullMarked
package dev.plinth.core.internal.instance;

import org.jspecify.annotations.NullMarked;

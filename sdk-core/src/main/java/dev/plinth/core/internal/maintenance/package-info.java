/** Leases and threads behind {@link dev.plinth.core.maintenance.Maintenance}. */
@NullMarked
package dev.plinth.core.internal.maintenance;

import org.jspecify.annotations.NullMarked;

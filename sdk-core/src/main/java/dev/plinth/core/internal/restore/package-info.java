/** What core does after a backup was restored. Start reading at {@code AfterRestore}. */
@NullMarked
package dev.plinth.core.internal.restore;

import org.jspecify.annotations.NullMarked;

/** Leader and followers behind {@link dev.plinth.core.batch.GroupCommit}. */
@NullMarked
package dev.plinth.core.internal.batch;

import org.jspecify.annotations.NullMarked;

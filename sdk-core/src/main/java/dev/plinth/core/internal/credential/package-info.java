/** The repository of credentials behind {@link dev.plinth.core.credential.Credentials}. */
@NullMarked
package dev.plinth.core.internal.credential;

import org.jspecify.annotations.NullMarked;

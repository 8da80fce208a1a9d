/** What the tests of all modules share and consumers' tests do not get. */
@NullMarked
package dev.plinth.patience;

import org.jspecify.annotations.NullMarked;

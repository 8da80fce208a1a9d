/** Tests of addresses, and of what makes a server fit to be measured on. */
@NullMarked
package dev.plinth.benchmarks.postgres;

import org.jspecify.annotations.NullMarked;

/** Tests of addresses. */
@NullMarked
package dev.plinth.benchmarks.postgres;

import org.jspecify.annotations.NullMarked;

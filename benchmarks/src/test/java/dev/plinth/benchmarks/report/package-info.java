/** Tests of the results' contract and of what is made of them. */
@NullMarked
package dev.plinth.benchmarks.report;

import org.jspecify.annotations.NullMarked;

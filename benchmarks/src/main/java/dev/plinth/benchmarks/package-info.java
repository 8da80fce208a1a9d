/**
 * Measures Plinth beside its peers and beside the physical limit, and prints one JSON line per
 * workload and system.
 *
 * <p>{@link dev.plinth.benchmarks.Benchmarks} is the program; it takes turns between the systems of
 * a {@link dev.plinth.benchmarks.Workload} and starts {@link dev.plinth.benchmarks.MeasureMain} in
 * a fresh JVM for each turn. Workloads live in packages by module, beside their contestants.
 */
@NullMarked
package dev.plinth.benchmarks;

import org.jspecify.annotations.NullMarked;

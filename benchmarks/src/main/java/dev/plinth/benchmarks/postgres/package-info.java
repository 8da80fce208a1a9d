/**
 * The PostgreSQL that everything is measured on, an empty database for each turn, and proof that it
 * is durable. Start reading at {@link dev.plinth.benchmarks.postgres.BenchmarkServer}.
 */
@NullMarked
package dev.plinth.benchmarks.postgres;

import org.jspecify.annotations.NullMarked;

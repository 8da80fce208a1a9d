/**
 * Workloads of what every request of a host asks Plinth's core for. Start reading at {@link
 * dev.plinth.benchmarks.core.TokenCheck}.
 */
@NullMarked
package dev.plinth.benchmarks.core;

import org.jspecify.annotations.NullMarked;

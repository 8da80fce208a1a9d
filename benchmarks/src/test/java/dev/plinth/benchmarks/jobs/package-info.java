/** Tests that the workloads do what they measure, and notice when a system does not. */
@NullMarked
package dev.plinth.benchmarks.jobs;

import org.jspecify.annotations.NullMarked;

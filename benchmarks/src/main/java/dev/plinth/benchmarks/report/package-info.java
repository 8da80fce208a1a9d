/**
 * Turns result lines into {@code docs/PERFORMANCE.md}: who was how fast, how that compares with the
 * best peer and with the limit, and whether what was aimed at was reached. Start reading at {@link
 * dev.plinth.benchmarks.report.Report}.
 */
@NullMarked
package dev.plinth.benchmarks.report;

import org.jspecify.annotations.NullMarked;

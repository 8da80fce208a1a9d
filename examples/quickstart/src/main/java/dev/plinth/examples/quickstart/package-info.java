/**
 * A host application that uses all five modules through their public API: every file of a folder
 * becomes a job.
 *
 * <p>Start with {@link dev.plinth.examples.quickstart.Quickstart}; {@code ScanFile} is where one
 * transaction spans job, quota and audit.
 */
@NullMarked
package dev.plinth.examples.quickstart;

import org.jspecify.annotations.NullMarked;

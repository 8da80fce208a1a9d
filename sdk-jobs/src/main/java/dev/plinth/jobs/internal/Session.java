package dev.plinth.jobs.internal;

import java.time.Instant;

/**
 * A session of the database in one of its transactions.
 *
 * @param pid its process
 * @param since when the transaction began
 */
record Session(int pid, Instant since) {}

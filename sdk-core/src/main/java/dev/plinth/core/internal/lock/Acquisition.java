package dev.plinth.core.internal.lock;

import java.util.UUID;

/**
 * What names one acquisition. The fence alone would do; the holder's random id keeps a restored
 * database, whose counter went back, from taking an old acquisition for a new one.
 */
record Acquisition(String name, long fence, UUID holder) {}

package dev.plinth.examples.quickstart.jobs;

/**
 * What the small jobs are given.
 *
 * @param what it is, for people
 */
record Errand(String what) {}

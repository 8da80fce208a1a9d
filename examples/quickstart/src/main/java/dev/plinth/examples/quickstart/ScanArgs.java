package dev.plinth.examples.quickstart;

/**
 * What a job is told.
 *
 * @param folder absolute path of the folder
 * @param path the file, relative to it
 */
record ScanArgs(String folder, String path) {}

package dev.plinth.examples.quickstart.jobs;

import java.util.UUID;

/**
 * What the hashing of a file is given.
 *
 * @param chapter the run of the chapter that it belongs to
 * @param folder the folder
 * @param path the file, relative to the folder
 */
record OneFile(UUID chapter, String folder, String path) {}

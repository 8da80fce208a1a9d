package dev.plinth.examples.quickstart.jobs;

import java.util.UUID;

/**
 * What scan and combine are given.
 *
 * @param chapter the run of the chapter that it belongs to
 * @param path the folder
 * @param files how many files of it there are to be
 */
record Folder(UUID chapter, String path, int files) {}

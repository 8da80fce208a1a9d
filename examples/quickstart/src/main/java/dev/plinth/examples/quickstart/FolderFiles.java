package dev.plinth.examples.quickstart;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The files of a folder that are worth a job: all regular files but git's own and what builds leave
 * behind.
 */
final class FolderFiles {
  private static final Set<String> PASSED_OVER = Set.of(".git", "target");

  private FolderFiles() {}

  /** Paths relative to the folder, with slashes, in order. */
  static List<String> list(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "There is no folder " + folder + (Files.exists(folder) ? " (it is a file)" : ""));
    }
    List<String> paths = new ArrayList<>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path at, BasicFileAttributes attributes) {
              boolean passedOver =
                  !at.equals(folder) && PASSED_OVER.contains(at.getFileName().toString());
              return passedOver ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (attributes.isRegularFile() && Files.isReadable(file)) {
                paths.add(folder.relativize(file).toString().replace(File.separatorChar, '/'));
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UserError("The folder " + folder + " cannot be read: " + e.getMessage());
    }
    if (paths.isEmpty()) {
      throw new UserError("There is no readable file in " + folder);
    }
    paths.sort(null);
    return paths;
  }
}

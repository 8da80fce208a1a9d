package dev.plinth.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * The files of a running server, copied between {@code pg_backup_start} and {@code pg_backup_stop}
 * as PostgreSQL's manual describes it ("Making a Base Backup Using the Low Level API"); the
 * embedded binaries have no {@code pg_basebackup}.
 */
public final class BaseBackup implements AutoCloseable {
  /** Made anew by every server; their folders must be there. */
  private static final Set<String> EMPTIED =
      Set.of(
          "pg_wal",
          "pg_replslot",
          "pg_dynshmem",
          "pg_notify",
          "pg_serial",
          "pg_snapshots",
          "pg_stat_tmp",
          "pg_subtrans");

  private static final Set<String> LEFT_OUT =
      Set.of(
          "postmaster.pid", "postmaster.opts", "server.log", "standby.signal", "recovery.signal");

  private final PostgresBinaries binaries;
  private final Path folder;

  private BaseBackup(PostgresBinaries binaries, Path folder) {
    this.binaries = binaries;
    this.folder = folder;
  }

  static BaseBackup of(PostgresBinaries binaries, Path data, OwnServer server) {
    Path folder = newFolder();
    // The backup ends with the session that began it.
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement()) {
      boolean renamed = connection.getMetaData().getDatabaseMajorVersion() >= 15;
      statement.execute(
          renamed
              ? "SELECT pg_backup_start('plinth', true)"
              : "SELECT pg_start_backup('plinth', true, false)");
      copy(data, folder, true);
      try (ResultSet row =
          statement.executeQuery(
              "SELECT labelfile FROM "
                  + (renamed ? "pg_backup_stop(true)" : "pg_stop_backup(false, true)"))) {
        row.next();
        Files.writeString(folder.resolve("backup_label"), row.getString(1));
      }
      return new BaseBackup(binaries, folder);
    } catch (SQLException e) {
      throw new IllegalStateException("The backup failed", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  PostgresBinaries binaries() {
    return binaries;
  }

  /** A data folder made from it, of which any number can be made. */
  Path copy() {
    Path target = newFolder();
    try {
      copy(folder, target, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return target;
  }

  /** Deletes it. */
  @Override
  public void close() {
    delete(folder);
  }

  /** Readable to its owner alone, as PostgreSQL demands of a data folder. */
  static Path newFolder() {
    try {
      return Files.createTempDirectory("plinth-server-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to, boolean running) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            if (!folder.equals(from)) {
              Files.createDirectory(to.resolve(from.relativize(folder)));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Path name = from.relativize(file);
            if (LEFT_OUT.contains(name.toString())
                || EMPTIED.contains(name.getName(0).toString())) {
              return FileVisitResult.CONTINUE;
            }
            try {
              Files.copy(file, to.resolve(name));
            } catch (NoSuchFileException e) {
              gone(e, running);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              gone(failure, running);
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }
        });
  }

  /** A running server removes files: what it removes, the log of changes removes again. */
  private static void gone(IOException failure, boolean running) throws IOException {
    if (!running) {
      throw failure;
    }
  }

  static void delete(Path folder) {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, java.io.IOException failure)
                throws IOException {
              Files.deleteIfExists(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

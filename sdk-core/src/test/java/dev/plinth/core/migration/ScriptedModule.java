package dev.plinth.core.migration;

import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A module written down in a test: its scripts lie in a folder with a class loader of its own. */
final class ScriptedModule {
  private final Path root;
  private final String name;
  private final List<String> migrations = new ArrayList<>();
  private final List<PartitionedTable> partitioned = new ArrayList<>();

  ScriptedModule(Path root, String name) {
    this.root = root;
    this.name = name;
  }

  /** An expanding migration whose undo keeps data, with the row in schema_changes added to it. */
  ScriptedModule script(String migration, String sql, String undo) {
    return script(migration, "expanding", "keeps-data", sql, undo);
  }

  ScriptedModule script(
      String migration, String compatibility, String undoing, String sql, String undo) {
    migrations.add(migration);
    int version = migrations.size();
    write(
        "migrations/V" + version + "__" + migration + ".sql",
        """
        -- plinth:compatibility %s
        -- plinth:undo %s
        %s
        INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('%s', %d, '%s');
        """
            .formatted(compatibility, undoing, sql, name, version, compatibility));
    write("undo/U" + version + "__" + migration + ".sql", undo);
    return this;
  }

  /** Makes the last script run outside a transaction. */
  ScriptedModule outsideTransaction() {
    int version = migrations.size();
    write(
        "migrations/V" + version + "__" + migrations.get(version - 1) + ".sql.conf",
        "executeInTransaction=false\n");
    return this;
  }

  /** Has core supply a table with monthly partitions. */
  ScriptedModule partitioned(String table) {
    partitioned.add(new PartitionedTable(table, PartitionedTable.Period.MONTH, 1));
    return this;
  }

  /** Lays a file among the migrations that the module does not name. */
  ScriptedModule unnamed(String file, String sql) {
    write("migrations/" + file, sql);
    return this;
  }

  FeatureModule module() {
    List<String> names = List.copyOf(migrations);
    try {
      URL[] urls = {root.toUri().toURL()};
      ClassLoader loader = new URLClassLoader(urls, FeatureModule.class.getClassLoader());
      return (FeatureModule)
          Proxy.newProxyInstance(
              loader,
              new Class<?>[] {FeatureModule.class},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "name", "toString" -> name;
                    case "migrations" -> names;
                    case "order" -> 100;
                    case "partitionedTables" -> List.copyOf(partitioned);
                    case "hashCode" -> name.hashCode();
                    case "equals" -> proxy == arguments[0];
                    default -> InvocationHandler.invokeDefault(proxy, method, arguments);
                  });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String file, String text) {
    try {
      Path path = root.resolve("dev/plinth/" + name).resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

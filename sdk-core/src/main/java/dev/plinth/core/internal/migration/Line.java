package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** A module's line of migrations, read from its class path. */
record Line(
    String module, ClassLoader loader, List<Script> scripts, List<PartitionedTable> partitioned) {
  private static final String HISTORY = "flyway_history_";

  static Line of(FeatureModule module) {
    ClassLoader loader = loader(module);
    List<Script> scripts = new ArrayList<>();
    for (String name : module.migrations()) {
      int version = scripts.size() + 1;
      String folder = "dev/plinth/" + module.name();
      String file = folder + "/migrations/V" + version + "__" + name + ".sql";
      String text = read(loader, file);
      scripts.add(
          new Script(
              module.name(),
              version,
              name,
              text,
              read(loader, folder + "/undo/U" + version + "__" + name + ".sql"),
              ScriptHeader.of(file, text),
              transactional(loader, file + ".conf")));
    }
    return new Line(
        module.name(), loader, List.copyOf(scripts), List.copyOf(module.partitionedTables()));
  }

  int latest() {
    return scripts.size();
  }

  Script script(int version) {
    return scripts.get(version - 1);
  }

  boolean brings(Script script) {
    return script.module().equals(module);
  }

  String location() {
    return "classpath:dev/plinth/" + module + "/migrations";
  }

  String historyTable() {
    return historyTable(module);
  }

  static String historyTable(String module) {
    return HISTORY + module;
  }

  /** The history table as Flyway quotes it, which is also what its lock's number is made of. */
  static String quotedHistory(Schema schema, String module) {
    return schema.quoted() + ".\"" + historyTable(module) + '"';
  }

  private static ClassLoader loader(FeatureModule module) {
    ClassLoader loader = module.getClass().getClassLoader();
    return loader != null ? loader : ClassLoader.getSystemClassLoader();
  }

  private static boolean transactional(ClassLoader loader, String file) {
    String text = readIfThere(loader, file);
    return text == null || !"false".equals(property(text, "executeInTransaction"));
  }

  private static @Nullable String property(String text, String key) {
    Properties properties = new Properties();
    try {
      properties.load(new java.io.StringReader(text));
    } catch (IOException e) {
      throw new MigrationException("A script's settings cannot be read", e);
    }
    return properties.getProperty(key);
  }

  private static String read(ClassLoader loader, String file) {
    String text = readIfThere(loader, file);
    if (text == null) {
      throw new MigrationException(
          "The class path lacks " + file + ", which its module names: the artifact is incomplete",
          null);
    }
    return text;
  }

  private static @Nullable String readIfThere(ClassLoader loader, String file) {
    try (InputStream in = loader.getResourceAsStream(file)) {
      return in == null ? null : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new MigrationException("The class path does not give " + file, e);
    }
  }
}

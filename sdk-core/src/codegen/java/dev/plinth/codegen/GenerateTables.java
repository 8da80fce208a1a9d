package dev.plinth.codegen;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jooq.codegen.GenerationTool;
import org.jooq.meta.jaxb.Configuration;
import org.jooq.meta.jaxb.Database;
import org.jooq.meta.jaxb.Generate;
import org.jooq.meta.jaxb.Generator;
import org.jooq.meta.jaxb.Jdbc;
import org.jooq.meta.jaxb.Target;

/**
 * Writes the jOOQ tables of one module from its bundled migrations, on an embedded PostgreSQL. Run
 * by the {@code codegen} profile with the module's name, the target folder and the target package.
 */
public final class GenerateTables {
  private GenerateTables() {}

  /** Generates; see the class. */
  public static void main(String[] args) throws Exception {
    String module = args[0];
    Path target = Path.of(args[1]);
    String targetPackage = args[2];
    try (TestDatabase database = TestDatabase.create(false)) {
      List<String> before = new ArrayList<>();
      try (Plinth plinth =
          Plinth.builder().dataSource(database.pool(3)).modules(List.of()).build()) {
        plinth.migrations().migrate();
        if (!module.equals("core")) {
          before.addAll(tables(plinth));
        }
      }
      try (Plinth plinth = Plinth.builder().dataSource(database.pool(3)).build()) {
        plinth.migrations().migrate();
        List<String> tables = tables(plinth);
        tables.removeAll(before);
        Files.createDirectories(target);
        GenerationTool.generate(configuration(database.url(), tables, target, targetPackage));
      }
    }
  }

  /** Tables and views, but neither partitions nor the history of migrations. */
  private static List<String> tables(Plinth plinth) {
    return new ArrayList<>(
        plinth.<List<String>, RuntimeException>transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    """
                    SELECT c.relname
                    FROM pg_class c
                    WHERE c.relnamespace = 'plinth'::regnamespace
                      AND c.relkind IN ('r', 'p', 'v')
                      AND NOT c.relispartition
                      AND c.relname NOT LIKE 'flyway_history_%'
                    ORDER BY c.relname
                    """,
                    row -> row.getString(1))));
  }

  private static Configuration configuration(
      String url, List<String> tables, Path target, String targetPackage) {
    String includes =
        tables.isEmpty()
            ? "nothing"
            : tables.stream()
                .map(Pattern::quote)
                .collect(Collectors.joining("|", "plinth\\.(", ")"));
    return new Configuration()
        .withJdbc(new Jdbc().withDriver("org.postgresql.Driver").withUrl(url))
        .withGenerator(
            new Generator()
                .withDatabase(
                    new Database()
                        .withName("org.jooq.meta.postgres.PostgresDatabase")
                        .withInputSchema("plinth")
                        .withIncludes(includes)
                        .withIncludeRoutines(false)
                        .withIncludeSequences(false)
                        .withIncludeIndexes(false)
                        .withIncludeCheckConstraints(false))
                .withGenerate(
                    new Generate()
                        .withRecords(false)
                        .withPojos(false)
                        .withDaos(false)
                        .withComments(false)
                        .withJavadoc(false)
                        .withImplicitJoinPathsToMany(false)
                        .withGlobalCatalogReferences(false)
                        .withGlobalSchemaReferences(false)
                        .withGeneratedAnnotation(false)
                        .withDefaultCatalog(false))
                .withTarget(
                    new Target()
                        .withPackageName(targetPackage)
                        .withDirectory(target.toString())
                        .withClean(true)));
  }
}

package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import org.junit.jupiter.api.Test;

/** Writes {@code docs/schema.md} when told to, and otherwise insists that it is up to date. */
@PlinthTest
class SchemaPageTest {
  private static final Path PAGE = Path.of("..", "..", "docs", "schema.md");
  private static final String COMMAND =
      "mvn -pl examples/quickstart -am test -Dtest=SchemaPageTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dplinth.schema.write=true";

  @Test
  void page_isThatOfTheMigrations(Plinth plinth, TestDatabase database) throws Exception {
    String text;
    try (Connection connection = database.connect()) {
      text = new SchemaPage(plinth, connection).text();
    }
    if (Boolean.getBoolean("plinth.schema.write")) {
      Files.writeString(PAGE, text);
    }
    assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
        .as("docs/schema.md is not that of the migrations. Rewrite it: %s", COMMAND)
        .isEqualTo(text);
  }
}

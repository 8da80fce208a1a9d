package dev.plinth.core.migration;

import java.util.List;

/** The schema is not what this code needs. */
public final class SchemaInvalidException extends MigrationException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  /** With each problem in a sentence. */
  public SchemaInvalidException(List<String> problems) {
    super(
        "The schema is not what this version of Plinth needs: " + String.join("; ", problems),
        null);
    this.problems = List.copyOf(problems);
  }

  /** Each problem in a sentence, with what to do. */
  public List<String> problems() {
    return problems;
  }
}

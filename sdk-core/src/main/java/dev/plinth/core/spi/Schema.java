package dev.plinth.core.spi;

import java.util.Locale;

/**
 * The PostgreSQL schema that holds Plinth's tables, and the rendering of SQL text for it.
 *
 * <p>SQL in the modules is written once, with two placeholders that are filled in when the module
 * is created: <code>{schema}</code>, the schema's quoted name, and <code>{now}</code>, the
 * database's clock. Immutable.
 */
public final class Schema {
  /** The name used unless a host gives another. */
  public static final String DEFAULT_NAME = "plinth";

  private static final int MAX_BYTES = 63;

  private final String name;
  private final String quoted;
  private final String now;

  private Schema(String name, String now) {
    this.name = name;
    this.quoted = '"' + name.replace("\"", "\"\"") + '"';
    this.now = now;
  }

  /**
   * A schema by its name, which may need quoting: blanks, upper case and quotes are kept.
   *
   * @throws IllegalArgumentException when the name is blank, longer than the 63 bytes PostgreSQL
   *     keeps, begins with {@code pg_}, which PostgreSQL reserves, or contains {@code %}, which
   *     Flyway takes for a format
   */
  public static Schema of(String name) {
    Args.text(name, MAX_BYTES, "schema");
    Args.utf8(name, MAX_BYTES, "schema");
    Args.check(
        !name.toLowerCase(Locale.ROOT).startsWith("pg_"),
        "schema must not begin with pg_, which PostgreSQL reserves for itself");
    Args.check(
        name.indexOf('%') < 0,
        "schema must not contain %, which Flyway takes for a format when it migrates");
    return new Schema(name, "pg_catalog.statement_timestamp()");
  }

  /**
   * The same schema with another SQL expression for the database's clock, of type {@code
   * timestamptz}. Made for tests that move time; production keeps {@code statement_timestamp()}.
   */
  public Schema withClock(String sqlExpression) {
    return new Schema(name, render(Args.text(sqlExpression, 1000, "sqlExpression")));
  }

  /** The name as it stands in the catalogue. */
  public String name() {
    return name;
  }

  /** The name as an SQL identifier, with quotes. */
  public String quoted() {
    return quoted;
  }

  /** The SQL expression that tells the database's time. */
  public String now() {
    return now;
  }

  /** SQL text with <code>{schema}</code> and <code>{now}</code> filled in. */
  public String render(String sql) {
    return sql.replace("{schema}", quoted).replace("{now}", now);
  }

  @Override
  public String toString() {
    return name;
  }
}

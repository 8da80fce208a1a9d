package dev.plinth.core.spi;

import dev.plinth.core.PlinthException;
import dev.plinth.core.internal.json.StoredJson;
import dev.plinth.core.internal.tx.Failures;
import dev.plinth.core.json.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Thin access to JDBC for statements whose text matters (claims, charges): rendered SQL, positional
 * parameters, rows as objects. Ordinary queries go through jOOQ inside each module.
 *
 * <p>Parameters may be null, text, numbers, booleans, {@code UUID}, {@code Instant}, {@code
 * byte[]}, enums (by name, lower case), {@link Json} (write {@code ?::jsonb}), {@code Duration} (as
 * seconds, write {@code make_interval(secs => ?)}), and arrays of text, {@code UUID}, {@code Long}
 * or {@code Integer}. Failures arrive as Plinth's exceptions.
 */
public final class Sql {
  private Sql() {}

  /** Makes an object of the current row. */
  @FunctionalInterface
  public interface RowMapper<T> {
    /** Reads the row; must not move the cursor. */
    T map(ResultSet row) throws SQLException;
  }

  /** All rows of a query, or of a statement with RETURNING. */
  public static <T> List<T> query(
      Connection connection, String sql, RowMapper<T> mapper, @Nullable Object... parameters) {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet rows = statement.executeQuery()) {
      List<T> result = new ArrayList<>();
      while (rows.next()) {
        result.add(mapper.map(rows));
      }
      return result;
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /** The first row, if there is one. */
  public static <T> Optional<T> first(
      Connection connection, String sql, RowMapper<T> mapper, @Nullable Object... parameters) {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet rows = statement.executeQuery()) {
      return rows.next() ? Optional.of(mapper.map(rows)) : Optional.empty();
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /** Runs a statement and tells how many rows it changed. */
  public static int update(Connection connection, String sql, @Nullable Object... parameters) {
    try (PreparedStatement statement = prepare(connection, sql, parameters)) {
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /**
   * Runs one statement for each row of parameters, in one round trip where the driver can, and
   * tells how many rows each changed.
   */
  public static int[] batch(Connection connection, String sql, List<@Nullable Object[]> rows) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (@Nullable Object[] row : rows) {
        bindAll(connection, statement, row);
        statement.addBatch();
      }
      return statement.executeBatch();
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /** Runs statements that take no parameters and whose results nobody needs. */
  public static void execute(Connection connection, String sql) {
    try (java.sql.Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /**
   * The exception to throw for a statement that a module ran by other means, such as jOOQ: what the
   * other methods here would have thrown for it. It quotes neither the statement nor a row.
   */
  public static PlinthException failure(SQLException failure) {
    return Failures.translate(failure);
  }

  /** A {@code timestamptz} column as an instant, or null. */
  public static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /** A {@code uuid} column, or null. */
  public static @Nullable UUID uuid(ResultSet row, String column) throws SQLException {
    return row.getObject(column, UUID.class);
  }

  /** A {@code jsonb} column as a document, or null; its form is not checked once more. */
  public static @Nullable Json json(ResultSet row, String column) throws SQLException {
    String text = row.getString(column);
    return text == null ? null : StoredJson.of(text);
  }

  private static PreparedStatement prepare(
      Connection connection, String sql, @Nullable Object... parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      bindAll(connection, statement, parameters);
      return statement;
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  private static void bindAll(
      Connection connection, PreparedStatement statement, @Nullable Object... parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      bind(connection, statement, i + 1, parameters[i]);
    }
  }

  private static void bind(
      Connection connection, PreparedStatement statement, int index, @Nullable Object value)
      throws SQLException {
    if (value instanceof Instant instant) {
      statement.setObject(index, instant.atOffset(ZoneOffset.UTC));
    } else if (value instanceof Json json) {
      statement.setString(index, json.text());
    } else if (value instanceof Duration duration) {
      statement.setDouble(index, duration.toNanos() / 1e9);
    } else if (value instanceof Enum<?> constant) {
      statement.setString(index, constant.name().toLowerCase(java.util.Locale.ROOT));
    } else if (value instanceof String[] texts) {
      statement.setArray(index, connection.createArrayOf("text", texts));
    } else if (value instanceof UUID[] ids) {
      statement.setArray(index, connection.createArrayOf("uuid", ids));
    } else if (value instanceof Long[] numbers) {
      statement.setArray(index, connection.createArrayOf("bigint", numbers));
    } else if (value instanceof Integer[] numbers) {
      statement.setArray(index, connection.createArrayOf("integer", numbers));
    } else {
      statement.setObject(index, value);
    }
  }
}

package dev.plinth.test.jobs;

import java.io.PrintWriter;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A data source that tells {@link Boundaries} of every statement and every commit. */
final class WatchedDataSource implements DataSource {
  private static final Pattern WRITES =
      Pattern.compile("\\b(INSERT|UPDATE|DELETE|MERGE|COPY)\\b", Pattern.CASE_INSENSITIVE);

  private final DataSource real;
  private final Boundaries boundaries;

  WatchedDataSource(DataSource real, Boundaries boundaries) {
    this.real = real;
    this.boundaries = boundaries;
  }

  @Override
  public Connection getConnection() throws SQLException {
    return watched(real.getConnection());
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    return watched(real.getConnection(user, password));
  }

  private Connection watched(Connection connection) {
    return proxy(
        Connection.class,
        (proxy, method, arguments) -> {
          switch (method.getName()) {
            case "commit" -> {
              boundaries.beforeCommit(connection);
              Object nothing = call(connection, method, arguments);
              boundaries.afterCommit(connection);
              return nothing;
            }
            case "rollback" -> {
              Object nothing = call(connection, method, arguments);
              if (arguments == null) {
                boundaries.afterRollback();
              }
              return nothing;
            }
            default -> {
              Object result = call(connection, method, arguments);
              return result instanceof Statement statement
                  ? watched(connection, statement, text(arguments))
                  : result;
            }
          }
        });
  }

  private Statement watched(Connection connection, Statement statement, String prepared) {
    Class<? extends Statement> type =
        statement instanceof CallableStatement
            ? CallableStatement.class
            : statement instanceof PreparedStatement ? PreparedStatement.class : Statement.class;
    return proxy(
        type,
        (proxy, method, arguments) -> {
          if (!method.getName().startsWith("execute")) {
            return call(statement, method, arguments);
          }
          String given = text(arguments);
          String sql = given.isEmpty() ? prepared : given;
          boundaries.beforeStatement(connection, sql);
          Object result = call(statement, method, arguments);
          if (hasWritten(sql, result)) {
            boundaries.wrote();
          }
          if (connection.getAutoCommit()) {
            boundaries.afterCommit(connection);
          }
          return result;
        });
  }

  /** The statement among the arguments of a call. */
  private static String text(@Nullable Object @Nullable [] arguments) {
    return arguments != null && arguments.length > 0 && arguments[0] instanceof String sql
        ? sql
        : "";
  }

  /** What cannot be told counts as written. */
  private static boolean hasWritten(String sql, @Nullable Object result) throws SQLException {
    if (!WRITES.matcher(sql).find()) {
      return false;
    }
    if (result instanceof Number rows) {
      return rows.longValue() > 0;
    }
    return !(result instanceof ResultSet rows) || rows.isBeforeFirst();
  }

  private static @Nullable Object call(
      Object target, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            WatchedDataSource.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @Override
  public PrintWriter getLogWriter() throws SQLException {
    return real.getLogWriter();
  }

  @Override
  public void setLogWriter(PrintWriter out) throws SQLException {
    real.setLogWriter(out);
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    real.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return real.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getLogger(WatchedDataSource.class.getName());
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return real.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return real.isWrapperFor(type);
  }
}

package dev.plinth.oauth;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** A data source whose connections fail once, where the test says. */
final class Sabotage {
  /** When it happens: after the statement was prepared, at the commit before or after it. */
  enum At {
    STATEMENT,
    COMMITTED
  }

  private final DataSource good;
  private volatile String part;
  private volatile At at;
  private volatile Exception failure;
  private volatile int times;

  Sabotage(DataSource good) {
    this.good = good;
  }

  /** The next transactions with a statement that contains the text fail, so many of them. */
  synchronized void fail(String sql, At when, Exception how, int howOften) {
    at = when;
    failure = how;
    times = howOften;
    part = sql;
  }

  static SQLException connectionLost() {
    return new SQLException("sabotaged", "08006");
  }

  DataSource dataSource() {
    return proxy(
        DataSource.class,
        good,
        (method, result) ->
            result instanceof Connection connection ? sabotaged(connection) : result);
  }

  private Connection sabotaged(Connection connection) {
    boolean[] marked = {false};
    return (Connection)
        Proxy.newProxyInstance(
            Sabotage.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (self, method, arguments) -> {
              if (method.getName().equals("prepareStatement")
                  && part != null
                  && ((String) arguments[0]).contains(part)) {
                if (at == At.STATEMENT) {
                  strike();
                } else {
                  marked[0] = true;
                }
              }
              Object result = invoke(connection, method, arguments);
              if (method.getName().equals("commit") && marked[0]) {
                marked[0] = false;
                strike();
              }
              return result;
            });
  }

  private synchronized void strike() throws Exception {
    if (times > 0) {
      times--;
      failure.fillInStackTrace();
      throw failure;
    }
  }

  private interface After {
    Object apply(java.lang.reflect.Method method, Object result);
  }

  private static <T> T proxy(Class<T> type, T target, After after) {
    return type.cast(
        Proxy.newProxyInstance(
            Sabotage.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> after.apply(method, invoke(target, method, arguments))));
  }

  private static Object invoke(Object target, java.lang.reflect.Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}

package dev.plinth.test;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a {@link ForkedJvm} really runs: the given main class, until that or the parent ends. */
final class ForkedMain {
  private static final BufferedReader ORDERS =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private ForkedMain() {}

  /** Runs the main class named first with the arguments that follow. */
  public static void main(String[] args) throws Throwable {
    ProcessHandle.current()
        .parent()
        .ifPresent(parent -> parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    Method main = Class.forName(args[0]).getDeclaredMethod("main", String[].class);
    main.setAccessible(true);
    try {
      main.invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  static void awaitOrder(String line) {
    try {
      synchronized (ORDERS) {
        String order = ORDERS.readLine();
        while (order != null && !order.equals(line)) {
          order = ORDERS.readLine();
        }
        if (order == null) {
          throw new IllegalStateException("The test has ended without the order '" + line + "'");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

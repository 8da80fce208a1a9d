package dev.plinth.examples.quickstart.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.jobs.Jobs;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process that hashes a number of files, then stops in the middle of the next ones and waits to
 * be killed. It ends by itself when its parent does.
 */
final class DoomedWorker {
  static final String IN_THE_MIDDLE = "in the middle";
  static final int WORKERS = 4;
  static final String URL = "QUICKSTART_JDBC_URL";
  static final String USER = "QUICKSTART_JDBC_USER";
  static final String PASSWORD = "QUICKSTART_JDBC_PASSWORD";

  private DoomedWorker() {}

  /** Given how many files to finish, and how many must be under way when it says so. */
  public static void main(String[] args) throws Exception {
    endWithParent();
    AtomicInteger left = new AtomicInteger(Integer.parseInt(args[0]));
    CountDownLatch stuck = new CountDownLatch(Integer.parseInt(args[1]));
    CountDownLatch never = new CountDownLatch(1);
    try (HikariDataSource database = database();
        Plinth plinth =
            Plinth.builder()
                .dataSource(database)
                .nodeName("doomed worker")
                .instanceTimeToLive(JobsChapter.TIME_TO_LIVE)
                .build();
        Jobs jobs =
            FileHandlers.jobs(
                plinth,
                WORKERS,
                () -> {
                  if (left.getAndDecrement() <= 0) {
                    stuck.countDown();
                    never.await();
                  }
                })) {
      jobs.start();
      stuck.await();
      PrintStream out = System.out;
      out.println(IN_THE_MIDDLE);
      out.flush();
      never.await();
    }
  }

  private static HikariDataSource database() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(System.getenv(URL));
    config.setUsername(System.getenv(USER));
    config.setPassword(System.getenv(PASSWORD));
    config.setMaximumPoolSize(4);
    config.setPoolName("doomed");
    return new HikariDataSource(config);
  }

  /** Standard input ends when the parent is gone. */
  private static void endWithParent() {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  Thread.onSpinWait();
                }
              } catch (IOException e) {
                System.err.println("doomed worker: " + e.getMessage());
              }
              Runtime.getRuntime().halt(1);
            },
            "parent");
    watch.setDaemon(true);
    watch.start();
  }
}

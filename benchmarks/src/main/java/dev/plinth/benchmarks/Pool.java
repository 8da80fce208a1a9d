package dev.plinth.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

/** The pool that every system gets: the same size, nothing tuned. */
public final class Pool {
  private Pool() {}

  /** Opens one on the turn's database. */
  public static HikariDataSource open(Turn turn) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(turn.url());
    config.setMaximumPoolSize(turn.sizes().pool());
    return new HikariDataSource(config);
  }
}

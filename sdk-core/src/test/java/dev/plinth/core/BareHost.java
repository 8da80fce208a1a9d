package dev.plinth.core;

import org.postgresql.ds.PGSimpleDataSource;

/** A host application without HikariCP and Micrometer; {@link BareHostTest} runs it so. */
public final class BareHost {
  private BareHost() {}

  /** Uses the database as such a host would, and tells what health said. */
  public static String run(String url) {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(url);
    try (Plinth plinth = Plinth.builder().dataSource(dataSource).build()) {
      plinth.start();
      var health = plinth.health(java.time.Duration.ofMinutes(1));
      return (health.isServing() ? "serving" : health.findings().toString())
          + ", pool "
          + health.pool()
          + ", "
          + (plinth.counters().committed() > 0 ? "counted" : "not counted");
    }
  }
}

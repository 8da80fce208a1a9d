package dev.plinth.test;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A server from binaries on the class path, which ends with this JVM. */
final class EmbeddedServer {
  private static final String NAME = "an embedded server";

  private EmbeddedServer() {}

  static TestServer start(boolean durable) {
    String setting = durable ? "on" : "off";
    try {
      EmbeddedPostgres postgres =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", setting)
              .setServerConfig("full_page_writes", setting)
              .setServerConfig("synchronous_commit", setting)
              .setServerConfig("max_connections", "200")
              .start();
      String url = postgres.getJdbcUrl("postgres", "postgres");
      return TestServer.at(ServerAddress.parse(NAME, url, null, null), NAME, durable);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The embedded PostgreSQL does not start: set "
              + ServerChoice.URL
              + " to the address of a server to use instead",
          e);
    }
  }
}

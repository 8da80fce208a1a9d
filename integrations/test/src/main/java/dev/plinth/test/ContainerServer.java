package dev.plinth.test;

import java.util.UUID;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * A server in a container, which Testcontainers removes after this JVM has ended. Loaded only where
 * Testcontainers is.
 */
final class ContainerServer {
  /** The system property that names another image. */
  static final String IMAGE = "plinth.test.postgres.image";

  private static final String DEFAULT_IMAGE = "postgres:18-alpine";

  private ContainerServer() {}

  static TestServer start(boolean durable) {
    String image = System.getProperty(IMAGE, DEFAULT_IMAGE);
    String setting = durable ? "on" : "off";
    PostgreSQLContainer container =
        new PostgreSQLContainer(DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"))
            .withDatabaseName("postgres")
            .withUsername("postgres")
            .withPassword(UUID.randomUUID().toString())
            .withCommand(
                "postgres",
                "-c",
                "fsync=" + setting,
                "-c",
                "full_page_writes=" + setting,
                "-c",
                "synchronous_commit=" + setting,
                "-c",
                "max_connections=200");
    container.start();
    String name = "a container of " + image;
    ServerAddress address =
        ServerAddress.parse(
            name, container.getJdbcUrl(), container.getUsername(), container.getPassword());
    return TestServer.at(address, name, durable);
  }
}

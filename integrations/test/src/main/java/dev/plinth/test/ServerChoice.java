package dev.plinth.test;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which server tests run on: the one that {@code PLINTH_TEST_JDBC_URL} names, else a container
 * where Docker answers, else one from embedded binaries. Says in the log which, and why.
 */
final class ServerChoice {
  static final String URL = "PLINTH_TEST_JDBC_URL";
  static final String USER = "PLINTH_TEST_JDBC_USER";
  static final String PASSWORD = "PLINTH_TEST_JDBC_PASSWORD";

  private static final Logger LOG = LoggerFactory.getLogger(ServerChoice.class);

  private final UnaryOperator<@Nullable String> environment;
  private final Containers containers;

  ServerChoice(UnaryOperator<@Nullable String> environment, Containers containers) {
    this.environment = environment;
    this.containers = containers;
  }

  static ServerChoice ofThisMachine() {
    return new ServerChoice(System::getenv, new DockerContainers());
  }

  /** Servers in containers, where there can be any. */
  interface Containers {
    /** Why there can be none; null when there can. Answers within seconds. */
    @Nullable String whyNot();

    /** Starts one. */
    TestServer start(boolean durable);
  }

  TestServer start(boolean durable) {
    String url = environment.apply(URL);
    if (url != null && !url.isBlank()) {
      ServerAddress address =
          ServerAddress.parse(URL, url, environment.apply(USER), environment.apply(PASSWORD));
      TestServer server =
          TestServer.at(address, "the server that " + URL + " names (" + address + ")", durable)
              .thatOutlivesUs();
      return chosen(server, URL + " is set");
    }
    String without = URL + " is not set";
    String whyNot = containers.whyNot();
    if (whyNot == null) {
      try {
        return chosen(containers.start(durable), without + " and Docker answers");
      } catch (RuntimeException e) {
        LOG.warn("Docker answers, but no PostgreSQL could be started in a container", e);
        whyNot = "no container could be started";
      }
    }
    return chosen(EmbeddedServer.start(durable), without + " and " + whyNot);
  }

  private static TestServer chosen(TestServer server, String reason) {
    LOG.info("Tests run on {}, because {}", server, reason);
    return server;
  }
}

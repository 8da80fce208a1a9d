package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.spi.Sql;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ServerChoiceTest {
  private static final ServerChoice.Containers NONE = new Containers("there is no Docker here");

  private static TestServer fsyncOff;

  @BeforeAll
  static void startServer() {
    fsyncOff = EmbeddedServer.start(false);
  }

  @Test
  void start_urlUserAndPasswordAreSet_usesThatServer() throws Exception {
    try (Connection connection = DriverManager.getConnection(fsyncOff.url("postgres"))) {
      Sql.execute(connection, "CREATE ROLE kit_maker LOGIN CREATEDB PASSWORD 'päss &=+%'");
      ServerChoice choice =
          choice(
              Map.of(
                  ServerChoice.URL, address(),
                  ServerChoice.USER, "kit_maker",
                  ServerChoice.PASSWORD, "päss &=+%"));

      TestServer server = choice.start(false);

      assertThat(server.toString())
          .contains("the server that PLINTH_TEST_JDBC_URL names")
          .doesNotContain("päss");
      try (Connection as = DriverManager.getConnection(server.url("postgres"))) {
        assertThat(as.getMetaData().getUserName()).isEqualTo("kit_maker");
      }
      Sql.execute(connection, "DROP ROLE kit_maker");
    }
  }

  @Test
  void start_roleMayNotCreateDatabases_saysSo() throws Exception {
    try (Connection connection = DriverManager.getConnection(fsyncOff.url("postgres"))) {
      Sql.execute(connection, "CREATE ROLE kit_guest LOGIN PASSWORD 'guest'");
      ServerChoice choice =
          choice(
              Map.of(
                  ServerChoice.URL, address(),
                  ServerChoice.USER, "kit_guest",
                  ServerChoice.PASSWORD, "guest"));

      assertThatThrownBy(() -> choice.start(false))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("does not let kit_guest create databases: ALTER ROLE");
      Sql.execute(connection, "DROP ROLE kit_guest");
    }
  }

  @Test
  void start_durableButFsyncIsOff_fails() {
    ServerChoice choice = choice(Map.of(ServerChoice.URL, fsyncOff.url("postgres")));

    assertThatThrownBy(() -> choice.start(true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has fsync off, but this test asks for a durable server");
  }

  @Test
  void start_urlOfAnotherKind_saysWhatWouldDoAndKeepsTheSecret() {
    ServerChoice choice =
        choice(Map.of(ServerChoice.URL, "jdbc:mysql://localhost/x?password=hunter2"));

    assertThatThrownBy(() -> choice.start(false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "PLINTH_TEST_JDBC_URL must be an address of a PostgreSQL server such as"
                + " jdbc:postgresql://localhost:5432/postgres");
  }

  @Test
  void start_nobodyListens_saysThatTheServerDoesNotAnswer() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    ServerChoice choice =
        choice(Map.of(ServerChoice.URL, "jdbc:postgresql://127.0.0.1:" + port + "/postgres"));

    assertThatThrownBy(() -> choice.start(false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(
            "PLINTH_TEST_JDBC_URL names (127.0.0.1:" + port + ") does not answer");
  }

  @Test
  void start_dockerAnswers_usesAContainer() {
    TestServer container =
        TestServer.at(
            ServerAddress.parse("url", fsyncOff.url("postgres"), null, null), "a container", false);
    Containers containers = new Containers(null);
    containers.server = container;

    assertThat(new ServerChoice(name -> null, containers).start(false)).isSameAs(container);
  }

  @Test
  void start_noContainerCanBeStarted_usesTheEmbeddedServer() {
    TestServer server = new ServerChoice(name -> null, new Containers(null)).start(false);

    assertThat(server.toString()).contains("an embedded server").endsWith("fsync off");
  }

  @Test
  void start_nothingElse_usesTheEmbeddedServerDurablyIfAsked() {
    TestServer server = choice(Map.of(ServerChoice.URL, " ")).start(true);

    assertThat(server.toString()).contains("an embedded server").endsWith("fsync on");
  }

  @Test
  void url_ofOtherDatabases_keepsHostAndParameters() {
    ServerAddress address =
        ServerAddress.parse("url", "jdbc:postgresql://h:1/app?sslmode=require", "u", "p w");

    assertThat(address.database()).isEqualTo("app");
    assertThat(address.url("t"))
        .isEqualTo("jdbc:postgresql://h:1/t?sslmode=require&user=u&password=p+w");
    assertThat(address).hasToString("h:1");
    assertThat(ServerAddress.parse("url", "jdbc:postgresql://h", null, null).url("t"))
        .isEqualTo("jdbc:postgresql://h/t");
  }

  private static ServerChoice choice(Map<String, String> environment) {
    return new ServerChoice(environment::get, NONE);
  }

  private static String address() {
    URI uri = URI.create(fsyncOff.url("postgres").substring("jdbc:".length()));
    return "jdbc:postgresql://" + uri.getRawAuthority() + "/postgres";
  }

  /** Stands in for Docker, which not every machine has. */
  private static final class Containers implements ServerChoice.Containers {
    private final @Nullable String whyNot;
    private @Nullable TestServer server;

    Containers(@Nullable String whyNot) {
      this.whyNot = whyNot;
    }

    @Override
    public @Nullable String whyNot() {
      return whyNot;
    }

    @Override
    public TestServer start(boolean durable) {
      if (server == null) {
        throw new IllegalStateException("The image cannot be pulled");
      }
      return server;
    }
  }
}

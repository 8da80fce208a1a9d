package dev.plinth.test;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;

/** Containers by Testcontainers, if that is on the class path and Docker answers it. */
final class DockerContainers implements ServerChoice.Containers {
  private static final int PATIENCE_SECONDS = 10;

  @Override
  public @Nullable String whyNot() {
    if (!isTestcontainersHere()) {
      return "Testcontainers is not on the class path";
    }
    // Testcontainers takes long to find out that there is nothing to look for.
    if (!mayBeHere()) {
      return "there is no Docker here";
    }
    return answers() ? null : "Docker does not answer";
  }

  private static boolean isTestcontainersHere() {
    try {
      Class.forName(
          "org.testcontainers.postgresql.PostgreSQLContainer",
          false,
          DockerContainers.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static boolean mayBeHere() {
    Path home = Path.of(System.getProperty("user.home"));
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    return System.getenv("DOCKER_HOST") != null
        || System.getProperty("os.name").startsWith("Windows")
        || Stream.of(
                Path.of("/var/run/docker.sock"),
                home.resolve(".docker/run/docker.sock"),
                home.resolve(".docker/desktop/docker.sock"),
                home.resolve(".testcontainers.properties"),
                Path.of(runtime == null ? "/run" : runtime, "docker.sock"))
            .anyMatch(Files::exists);
  }

  private static boolean answers() {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    Thread asking =
        new Thread(
            () -> {
              try {
                answer.complete(DockerClientFactory.instance().isDockerAvailable());
              } catch (RuntimeException | LinkageError e) {
                answer.completeExceptionally(e);
              }
            },
            "plinth-test-docker");
    asking.setDaemon(true);
    asking.start();
    try {
      return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public TestServer start(boolean durable) {
    return ContainerServer.start(durable);
  }
}

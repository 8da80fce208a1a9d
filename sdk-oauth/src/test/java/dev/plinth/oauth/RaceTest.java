package dev.plinth.oauth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("proof")
@PlinthTest(start = true)
class RaceTest extends OAuthTestCase {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));

  @Test
  void fresh_64ThreadsOnFourNodes_sendOnePostPerRotation(TestNodes nodes, SettableClock clock)
      throws Exception {
    List<Tokens> cluster = new ArrayList<>(List.of(tokens));
    for (int i = 1; i < 4; i++) {
      cluster.add(nodes.start("node " + i).get(Tokens.class));
    }
    tokens.store(user, "acme", issuer.expired());
    for (int rotation = 1; rotation <= (LARGE ? 50 : 5); rotation++) {
      clock.advance(Duration.ofHours(2));
      Set<String> seen = race(cluster, user, 64);

      assertThat(seen).as("everyone gets the same token").hasSize(1);
      assertThat(issuer.posts()).isEqualTo(rotation);
    }
    assertThat(issuer.familiesKilled()).isZero();
  }

  @Test
  void fresh_manyJvms_sendOnePost(TestDatabase database) {
    tokens.store(user, "acme", issuer.expired());
    List<ForkedJvm> jvms = new ArrayList<>();
    try {
      for (int i = 0; i < (LARGE ? 8 : 2); i++) {
        jvms.add(
            ForkedJvm.start(Racer.class, database.url(), user.toString(), LARGE ? "64" : "16"));
      }
      jvms.forEach(jvm -> jvm.await("ready"));
      jvms.forEach(jvm -> jvm.send("go"));
      List<String> said = jvms.stream().map(jvm -> jvm.await("got ")).distinct().toList();

      assertThat(said).hasSize(1);
      assertThat(issuer.posts()).isOne();
      assertThat(said.get(0))
          .isEqualTo("got 1 " + tokens.fresh(user, "acme").orElseThrow().accessToken().hashCode());
    } finally {
      jvms.forEach(ForkedJvm::close);
    }
  }

  static Set<String> race(List<Tokens> cluster, UUID user, int threads) throws Exception {
    CyclicBarrier start = new CyclicBarrier(threads);
    Set<String> seen = ConcurrentHashMap.newKeySet();
    List<Future<Boolean>> racers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Tokens mine = cluster.get(i % cluster.size());
      racers.add(
          Background.run(
              () -> {
                start.await();
                return seen.add(mine.fresh(user, "acme").orElseThrow().accessToken().value());
              }));
    }
    for (Future<Boolean> racer : racers) {
      racer.get();
    }
    return seen;
  }

  static final class Racer {
    public static void main(String[] args) throws Exception {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Plinth plinth = database.plinth(database.pool(5)).build();
          Tokens tokens = Tokens.builder(plinth).patience(Duration.ofSeconds(30)).build()) {
        plinth.start();
        ForkedJvm.report("ready");
        ForkedJvm.awaitOrder("go");
        Set<String> seen =
            race(List.of(tokens), UUID.fromString(args[1]), Integer.parseInt(args[2]));
        ForkedJvm.report(
            "got " + seen.size() + " " + new AccessToken(seen.iterator().next()).hashCode());
      }
    }
  }
}

package dev.plinth.core.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.plinth.core.Plinth;
import dev.plinth.core.config.Setting;
import dev.plinth.core.identity.NewUser;
import dev.plinth.test.TestDatabase;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/**
 * Not a test: what {@code can} and {@code configuration().get} cost when they answer from memory,
 * beside a bare hit in Caffeine, in one thread; and how long other nodes take to see a revocation.
 * Run by hand, with the number of rounds.
 */
final class CanMeasurement {
  private static final int USERS = 1_000;
  private static final int CALLS = 5_000_000;
  private static final Setting<Long> SETTING = Setting.ofLong("measured", 1);

  private CanMeasurement() {}

  public static void main(String[] args) {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
    try (TestDatabase database = TestDatabase.create(false);
        Plinth plinth = database.plinth(database.pool(5)).build();
        Plinth listening = database.plinth(database.pool(5)).build();
        Plinth polling = database.plinth(database.pool(5)).withoutNotifications().build()) {
      plinth.migrations().migrate();
      plinth.roles().define("operator", null, "node.start", "node.stop", "pool.*");
      UUID[] users = new UUID[USERS];
      for (int i = 0; i < USERS; i++) {
        users[i] = plinth.users().create(NewUser.withExternalId("u" + i).role("operator")).id();
      }
      plinth.start();
      listening.start();
      polling.start();
      LockSupport.parkNanos(2_000_000_000L);

      Cache<UUID, Set<String>> bare = Caffeine.newBuilder().maximumSize(100_000).build();
      Arrays.stream(users).forEach(user -> bare.put(user, Set.of("node.start", "node.stop")));
      Access access = plinth.access();
      for (int round = 1; round <= rounds; round++) {
        double hit = nanos(i -> bare.getIfPresent(users[i]).contains("node.start"));
        double exact = nanos(i -> access.can(users[i], "node.start"));
        double wildcard = nanos(i -> access.can(users[i], "pool.read"));
        double setting = nanos(i -> plinth.configuration().get(SETTING) == 1);
        System.out.printf(
            Locale.ROOT,
            "round %d: Caffeine %.0f ns, can %.0f ns, can by wildcard %.0f ns, setting %.0f ns%n",
            round,
            hit,
            exact,
            wildcard,
            setting);
      }
      long[] heard = new long[50];
      long[] polled = new long[50];
      for (int i = 0; i < heard.length; i++) {
        heard[i] = millisUntilSeen(plinth, listening, users[i]);
        polled[i] = millisUntilSeen(plinth, polling, users[heard.length + i]);
      }
      System.out.println("seen after ms, with LISTEN: " + spread(heard));
      System.out.println("seen after ms, by polling:  " + spread(polled));
    }
  }

  private static double nanos(IntPredicate call) {
    int granted = 0;
    long began = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      granted += call.test(i % USERS) ? 1 : 0;
    }
    long took = System.nanoTime() - began;
    if (granted != CALLS) {
      throw new IllegalStateException("only " + granted + " answers were right");
    }
    return (double) took / CALLS;
  }

  private static long millisUntilSeen(Plinth writer, Plinth reader, UUID user) {
    if (!reader.access().can(user, "node.start")) {
      throw new IllegalStateException("not granted");
    }
    writer.access().mapRole(user, "user");
    long began = System.nanoTime();
    while (reader.access().can(user, "node.start")) {
      LockSupport.parkNanos(500_000);
    }
    return (System.nanoTime() - began) / 1_000_000;
  }

  private static String spread(long[] millis) {
    Arrays.sort(millis);
    return "median %d, 90%% %d, most %d"
        .formatted(
            millis[millis.length / 2], millis[millis.length * 9 / 10], millis[millis.length - 1]);
  }
}

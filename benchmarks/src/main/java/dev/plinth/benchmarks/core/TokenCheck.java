package dev.plinth.benchmarks.core;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.benchmarks.Pool;
import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Threads;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.Workload;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * {@code core.session} and {@code core.apikey}: threads present tokens in random order, and each is
 * checked against the database. The limit reads the same row by the same index on a connection of
 * the same pool, without asking for the user and with the hash at hand.
 */
public final class TokenCheck implements Workload {
  private static final int USERS = 2_000;
  private static final int DIGITS = 3;

  private final String name;
  private final TokenKind kind;

  private TokenCheck(String name, TokenKind kind) {
    this.name = name;
    this.kind = kind;
  }

  /** Sessions by their token. */
  public static TokenCheck ofSessions() {
    return new TokenCheck("core.session", new SessionTokens());
  }

  /** API keys by their text. */
  public static TokenCheck ofApiKeys() {
    return new TokenCheck("core.apikey", new KeyTokens());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String unit() {
    return "checks";
  }

  @Override
  public List<String> systems() {
    return List.of("plinth", "limit");
  }

  @Override
  public Sample measure(String system, Turn turn) throws Exception {
    try (HikariDataSource pool = Pool.open(turn);
        Plinth plinth = Plinth.builder().dataSource(pool).build()) {
      plinth.migrations().migrate();
      List<String> texts = kind.issue(plinth, users(plinth));
      if (system.equals("limit")) {
        return measure(new BareRead(pool, kind), turn.sizes()).with("version", "plain JDBC");
      }
      plinth.start();
      return measure(new PlinthRead(plinth, kind, texts), turn.sizes()).with("version", "plinth");
    }
  }

  private static List<UUID> users(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            IntStream.range(0, USERS)
                .mapToObj(i -> NewUser.withExternalId("user-" + i))
                .map(user -> plinth.users().in(tx).create(user).id())
                .toList());
  }

  /** A check fails when what it looks for is not found good. */
  private static Sample measure(Threads.Step check, Sizes sizes) throws Exception {
    Threads threads = new Threads(sizes.threads());
    Histogram histogram = new ConcurrentHistogram(DIGITS);
    threads.repeatFor(sizes.warmUpSeconds(), check);
    double seconds =
        threads.repeatFor(
            sizes.seconds(),
            () -> {
              long begun = System.nanoTime();
              check.run();
              histogram.recordValue(System.nanoTime() - begun);
            });
    return Sample.of(histogram.getTotalCount(), seconds)
        .latencies(histogram)
        .with("rows", USERS)
        .with("threads", sizes.threads())
        .with("seconds", sizes.seconds())
        .with("pool", sizes.pool())
        .with("warm_up_seconds", sizes.warmUpSeconds());
  }
}

package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.jobs.Limit;
import dev.plinth.jobs.internal.ParkedLines.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Who is let through, decided without a database. */
class RoundsTest {
  private static Line line(int user, String type, String key) {
    return new Line("q", 0, new UUID(0, user), type, key);
  }

  private static void add(Map<Line, List<Waiting>> lines, Line line, long... seqs) {
    for (long seq : seqs) {
      lines
          .computeIfAbsent(line, l -> new ArrayList<>())
          .add(new Waiting(new UUID(1, seq), line, 7, seq));
    }
  }

  private static List<Long> seqs(List<Waiting> chosen) {
    return chosen.stream().map(Waiting::seq).toList();
  }

  @Test
  void unfair_whoWaitsLongest() {
    Map<Line, List<Waiting>> lines = new LinkedHashMap<>();
    add(lines, line(0, "b", ""), 2, 3, 9);
    add(lines, line(0, "a", ""), 1, 5, 6);

    Gates gates = new Gates(List.of(Limit.queue("q").maxRunning(5)), List.of());

    assertThat(seqs(Rounds.play(lines, gates, false, 100))).containsExactly(1L, 2L, 3L, 5L, 6L);
  }

  @Test
  void fair_oneOfEachUserInTurnAndTheOldestOfEach() {
    Map<Line, List<Waiting>> lines = new LinkedHashMap<>();
    add(lines, line(2, "a", ""), 4, 5, 6);
    add(lines, line(2, "b", ""), 1);
    add(lines, line(1, "a", ""), 20, 21);

    Gates gates = new Gates(List.of(Limit.queue("q").fair(3)), List.of());

    assertThat(seqs(Rounds.play(lines, gates, true, 100))).containsExactly(1L, 20L, 4L, 21L, 5L);
  }

  @Test
  void fullKey_isPassedOver() {
    Map<Line, List<Waiting>> lines = new LinkedHashMap<>();
    add(lines, line(0, "a", "full"), 1, 2, 3);
    add(lines, line(0, "a", "free"), 4, 5);

    Gates gates =
        new Gates(
            List.of(Limit.everyKey().maxRunning(1)),
            List.of(new Gates.Count("elsewhere", Line.NOBODY, "b", "full", 0, 1)));

    assertThat(seqs(Rounds.play(lines, gates, false, 100))).containsExactly(4L);
  }

  /** Whatever the limits and the counts are, none is exceeded, and none is left unused. */
  @Property
  void noLimitIsExceeded_andNobodyWaitsWhoNeedNot(
      @ForAll long seed,
      @ForAll @IntRange(max = 12) int ofQueue,
      @ForAll @IntRange(max = 6) int ofType,
      @ForAll @IntRange(max = 3) int ofKey,
      @ForAll @IntRange(min = 1, max = 5) int share,
      @ForAll boolean fair) {
    Random random = new Random(seed);
    List<Limit> limits =
        List.of(
            fair
                ? Limit.queue("q").maxRunning(ofQueue).fair(share)
                : Limit.queue("q").maxRunning(ofQueue),
            new Limit(Limit.Scope.TYPE, "a", ofType, null, null),
            Limit.everyKey().maxRunning(ofKey));
    List<Gates.Count> counts = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      counts.add(
          new Gates.Count(
              "q", user(random), type(random), key(random), random.nextInt(2), random.nextInt(2)));
    }
    Map<Line, List<Waiting>> lines = new LinkedHashMap<>();
    for (int i = 0; i < 40; i++) {
      add(lines, new Line("q", 0, user(random), type(random), key(random)), i);
    }
    Gates before = new Gates(limits, counts);
    Map<Line, Integer> rooms =
        lines.keySet().stream().collect(Collectors.toMap(l -> l, before::room));
    Gates gates = new Gates(limits, counts);

    List<Waiting> chosen = Rounds.play(lines, gates, fair, 1_000);

    assertThat(chosen).doesNotHaveDuplicates();
    chosen.stream()
        .collect(Collectors.groupingBy(Waiting::line, Collectors.counting()))
        .forEach((line, n) -> assertThat(n).isLessThanOrEqualTo(rooms.get(line)));
    List<Gates.Count> after = new ArrayList<>(counts);
    chosen.forEach(
        w -> {
          Line l = w.line();
          after.add(new Gates.Count("q", l.user(), l.type(), l.key(), 1, 0));
        });
    for (Limit limit : limits) {
      assertThat(new Gates(limits, after).isOver(limit))
          .isEqualTo(new Gates(limits, counts).isOver(limit));
    }
    lines.forEach(
        (line, jobs) -> {
          if (!chosen.containsAll(jobs)) {
            assertThat(gates.room(line)).isZero();
          }
        });
  }

  private static UUID user(Random random) {
    return new UUID(0, 1 + random.nextInt(3));
  }

  private static String type(Random random) {
    return random.nextBoolean() ? "a" : "b";
  }

  private static String key(Random random) {
    return random.nextInt(3) == 0 ? "" : "k" + random.nextInt(3);
  }

  /** A token bucket, looked at whenever; jobs are claimed whenever. */
  @Property
  void startsInAnyStretch_areAtMostTheRateAndTheBurst(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 20) int burst) {
    Random random = new Random(seed);
    Limit.Rate rate = new Limit.Rate(10, Duration.ofSeconds(1), burst);
    List<Double> starts = new ArrayList<>();
    double now = 0;
    double refilledAt = 0;
    int unclaimed = 0;
    double tokens = Double.MAX_VALUE;
    int unclaimedThen = 0;
    for (int i = 0; i < 300; i++) {
      now += random.nextDouble() * (random.nextInt(10) == 0 ? 3 : 0.05);
      if (random.nextBoolean()) {
        int claims = random.nextInt(unclaimed + 1);
        for (int c = 0; c < claims; c++) {
          starts.add(now);
        }
        unclaimed -= claims;
      } else {
        double refilled =
            new QueueTurns.Turn(tokens, unclaimedThen, now - refilledAt, line(0, "", ""))
                .refilled(rate, unclaimed);
        int admitted = (int) refilled;
        unclaimed += admitted;
        tokens = refilled - admitted;
        unclaimedThen = unclaimed;
        refilledAt = now;
      }
    }
    for (int from = 0; from < starts.size(); from++) {
      for (int to = from; to < starts.size(); to++) {
        assertThat((double) (to - from + 1))
            .isLessThanOrEqualTo(burst + 10 * (starts.get(to) - starts.get(from)) + 1e-6);
      }
    }
  }
}

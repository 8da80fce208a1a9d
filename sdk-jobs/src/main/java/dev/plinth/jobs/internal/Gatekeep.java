package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Limit;
import dev.plinth.jobs.internal.ParkedLines.Lane;
import dev.plinth.jobs.internal.ParkedLines.Waiting;
import dev.plinth.jobs.internal.QueueTurns.Next;
import dev.plinth.jobs.internal.QueueTurns.Turn;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The gatekeeper's work: lets parked jobs through as far as the limits have room. One at a time in
 * the cluster, under the lock of a row, in a READ COMMITTED transaction: it sees what the one
 * before it let through, and all others only make room. So no limit is ever exceeded.
 */
final class Gatekeep implements Sweep {
  private static final int AT_ONCE = 1_000;
  private static final int LINES = 2_000;
  private static final long TIDY_NANOS = 60_000_000_000L;
  private static final long FIRST_SWEEP_NANOS = 100_000_000L;
  private static final long LAST_SWEEP_NANOS = 10_000_000_000L;
  private static final double SOON_SECONDS = 0.01;
  private static final double LATE_SECONDS = 60;

  private static final String LOCK =
      """
      SELECT {now} AS now
      FROM {schema}.job_gatekeeper
      WHERE id = 1
      FOR UPDATE SKIP LOCKED
      """;
  private static final String PAUSED = "SELECT q.queue FROM {schema}.job_queues q";

  private final String lock;
  private final String paused;
  private final LimitRows limits;
  private final Adopt adopt;
  private final Admit admit;
  private final HotCounts counts;
  private final ParkedLines lines;
  private final QueueTurns turns;
  private final Hints hints;
  private long tidyAt = System.nanoTime() + TIDY_NANOS;
  private long sweepAt = System.nanoTime();
  private long sweepNanos = FIRST_SWEEP_NANOS;

  Gatekeep(Schema schema, Hints hints) {
    this.lock = schema.render(LOCK);
    this.paused = schema.render(PAUSED);
    this.limits = new LimitRows(schema);
    this.adopt = new Adopt(schema);
    this.admit = new Admit(schema);
    this.counts = new HotCounts(schema);
    this.lines = new ParkedLines(schema);
    this.turns = new QueueTurns(schema);
    this.hints = hints;
  }

  /**
   * What came of a turn at the gate.
   *
   * @param isBusy somebody else was at it
   * @param isMore there is more to do at once
   * @param next when a rate or an adoption wants it again, or null
   */
  record Outcome(boolean isBusy, boolean isMore, @Nullable Duration next) {
    private static final Outcome BUSY = new Outcome(true, false, null);
    private static final Outcome MORE = new Outcome(false, true, null);
  }

  @Override
  public boolean chunk(Tx tx) {
    return pass(tx).isMore();
  }

  /** One turn at the gate, unless somebody else is at it. */
  synchronized Outcome pass(Tx tx) {
    Optional<Instant> now =
        Sql.first(tx.connection(), lock, row -> Objects.requireNonNull(Sql.instant(row, "now")));
    if (now.isEmpty()) {
      return Outcome.BUSY;
    }
    List<LimitRows.Row> rows = limits.list(tx);
    boolean settled = rows.stream().allMatch(LimitRows.Row::isSettled);
    boolean swept = false;
    if (!settled) {
      if (noticed(tx, rows)) {
        return Outcome.MORE;
      }
      swept = System.nanoTime() - sweepAt >= 0;
      if (swept && adopt.chunk(tx)) {
        return Outcome.MORE;
      }
    }
    Set<String> closed = new HashSet<>(Sql.query(tx.connection(), paused, row -> row.getString(1)));
    if (admit.takeBack(tx, closed)) {
      return Outcome.MORE;
    }
    List<Gates.Count> taken = new ArrayList<>(counts.read(tx));
    if (!settled) {
      List<Gates.Count> withoutGroup = counts.withoutGroup(tx);
      taken.addAll(withoutGroup);
      if (swept) {
        settle(tx, rows, withoutGroup.isEmpty(), taken);
      }
    }
    Gates gates = new Gates(rows.stream().map(LimitRows.Row::limit).toList(), taken);
    Outcome outcome = new Turns(tx, gates, now.get()).play(closed);
    tidy(tx);
    return settled ? outcome : sooner(outcome, Duration.ofNanos(sweepNanos));
  }

  /**
   * Where limits are new, what was let through by the old ones goes back to its line; true when
   * there may be more of that.
   */
  private boolean noticed(Tx tx, List<LimitRows.Row> rows) {
    if (rows.stream().noneMatch(LimitRows.Row::isNew)) {
      return false;
    }
    if (admit.takeAllBack(tx)) {
      return true;
    }
    adopt.notice(tx);
    sweepAt = System.nanoTime();
    sweepNanos = FIRST_SWEEP_NANOS;
    return false;
  }

  /** After a sweep that found nothing: limits that nobody can evade any more are settled. */
  private void settle(
      Tx tx, List<LimitRows.Row> rows, boolean allCounted, List<Gates.Count> taken) {
    Gates gates = new Gates(rows.stream().map(LimitRows.Row::limit).toList(), taken);
    rows.stream()
        .filter(row -> row.isPast() && allCounted && !gates.isOver(row.limit()))
        .forEach(row -> adopt.settle(tx, row));
    sweepAt = System.nanoTime() + sweepNanos;
    sweepNanos = Math.min(LAST_SWEEP_NANOS, sweepNanos * 2);
  }

  private void tidy(Tx tx) {
    if (System.nanoTime() - tidyAt >= 0) {
      tidyAt = System.nanoTime() + TIDY_NANOS;
      admit.tidy(tx);
      turns.tidy(tx);
    }
  }

  private static Outcome sooner(Outcome outcome, Duration than) {
    return outcome.next() != null && outcome.next().compareTo(than) < 0
        ? outcome
        : new Outcome(false, outcome.isMore(), than);
  }

  /** The lanes' turns in one pass. */
  private final class Turns {
    private final Tx tx;
    private final Gates gates;
    private final Instant now;
    private final Map<String, Turn> before;
    private final Map<String, Double> tokens = new HashMap<>();
    private final Map<String, Line> last = new HashMap<>();
    private int left = AT_ONCE;

    Turns(Tx tx, Gates gates, Instant now) {
      this.tx = tx;
      this.gates = gates;
      this.now = now;
      this.before = turns.read(tx, now);
    }

    Outcome play(Set<String> closed) {
      // Queues of the same priority in a random order, so that none is always the first to take
      // what they share.
      List<Lane> lanes = new ArrayList<>(lines.lanes(tx));
      lanes.removeIf(lane -> closed.contains(lane.queue()));
      Collections.shuffle(lanes);
      lanes.sort(Comparator.comparingInt(Lane::priority).reversed());
      lanes.forEach(lane -> refill(lane.queue()));
      for (Lane lane : lanes) {
        if (left > 0 && gates.roomIn(lane.queue()) > 0) {
          serve(lane);
        }
      }
      Map<String, Next> next = new LinkedHashMap<>();
      tokens.forEach((queue, amount) -> next.put(queue, next(queue)));
      last.forEach((queue, line) -> next.put(queue, next(queue)));
      if (!next.isEmpty()) {
        turns.write(tx, now, next.values());
      }
      return new Outcome(false, left == 0, nextTokens());
    }

    private Turn before(String queue) {
      return before.getOrDefault(queue, Turn.first(queue));
    }

    private void refill(String queue) {
      Limit.Rate rate = gates.rate(queue);
      if (rate != null && !tokens.containsKey(queue)) {
        double refilled = before(queue).refilled(rate, gates.unclaimed(queue));
        tokens.put(queue, refilled);
        gates.allow(queue, (int) refilled);
      }
    }

    private Next next(String queue) {
      return new Next(
          tokens.getOrDefault(queue, 0.0),
          gates.unclaimed(queue),
          last.getOrDefault(queue, before(queue).last()));
    }

    private void serve(Lane lane) {
      boolean fair = gates.share(lane.queue()) != null;
      Line from = last.getOrDefault(lane.queue(), before(lane.queue()).last());
      Set<Line> page = page(lane, fair ? afterUserOf(from) : from);
      boolean isWhole = page.size() < LINES;
      Map<Line, Integer> upTo = new LinkedHashMap<>();
      int each = Math.max(1, 2 * left / Math.max(1, page.size()));
      page.forEach(
          line -> {
            int room = Math.min(each, gates.room(line));
            if (room > 0) {
              upTo.put(line, room);
            }
          });
      List<Waiting> chosen =
          upTo.isEmpty() ? List.of() : Rounds.play(lines.heads(tx, lane, upTo), gates, fair, left);
      admit.admit(tx, chosen.stream().map(Waiting::job).toList());
      left -= chosen.size();
      tokens.computeIfPresent(lane.queue(), (queue, amount) -> amount - chosen.size());
      if (!chosen.isEmpty()) {
        hints.ready(tx, lane.queue());
      }
      if (!isWhole) {
        // Others are behind these: they are looked at the next time.
        last.put(lane.queue(), lastOf(page));
      }
      if (fair && !chosen.isEmpty()) {
        last.put(lane.queue(), chosen.get(chosen.size() - 1).line());
      }
    }

    /** Lines that follow on a position, and around to it again, as far as they are wanted. */
    private Set<Line> page(Lane lane, Line after) {
      Set<Line> page = new LinkedHashSet<>(lines.lines(tx, lane, after, gates, LINES));
      if (page.size() < LINES && !(after.user().equals(Line.NOBODY) && after.type().isEmpty())) {
        Line start = Turn.first(lane.queue()).last();
        page.addAll(lines.lines(tx, lane, start, gates, LINES - page.size()));
      }
      return page;
    }

    private Line afterUserOf(Line line) {
      return line.type().isEmpty()
          ? line
          : new Line(line.queue(), 0, line.user(), Line.LAST, Line.LAST);
    }

    private Line lastOf(Set<Line> page) {
      List<Line> all = List.copyOf(page);
      return all.get(all.size() - 1);
    }

    /** When the rates will have brought something worth another turn. */
    private @Nullable Duration nextTokens() {
      Duration next = null;
      for (Map.Entry<String, Double> of : tokens.entrySet()) {
        Limit.Rate rate = gates.rate(of.getKey());
        if (rate != null) {
          double missing = Math.max(1, rate.burst() / 4.0) - of.getValue();
          if (missing > 0) {
            next = earlier(next, missing * (rate.period().toNanos() / 1e9) / rate.count());
          }
        }
      }
      return next;
    }

    private Duration earlier(@Nullable Duration next, double seconds) {
      double bounded = Math.min(LATE_SECONDS, Math.max(SOON_SECONDS, seconds));
      Duration due = Duration.ofNanos((long) (bounded * 1e9));
      return next == null || due.compareTo(next) < 0 ? due : next;
    }
  }
}

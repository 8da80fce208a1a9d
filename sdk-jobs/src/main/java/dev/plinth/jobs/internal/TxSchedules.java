package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.schedule.NewSchedule;
import dev.plinth.jobs.schedule.OpenWindow;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.ScheduleFilter;
import dev.plinth.jobs.schedule.SchedulePage;
import dev.plinth.jobs.schedule.Schedules;
import dev.plinth.jobs.schedule.StaleScheduleException;
import dev.plinth.jobs.schedule.Triggered;
import dev.plinth.jobs.schedule.UnknownScheduleException;
import dev.plinth.jobs.schedule.Window;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@link Schedules} in a scope: one transaction, or a short one for each call. */
final class TxSchedules implements Schedules {
  private final ScheduleStatements statements;
  private final JsonCodec json;
  private final TxScope scope;

  TxSchedules(ScheduleStatements statements, JsonCodec json, TxScope scope) {
    this.statements = statements;
    this.json = json;
    this.scope = scope;
  }

  @Override
  public Schedule put(NewSchedule schedule) {
    Json args = args(Args.notNull(schedule, "schedule"));
    return scope.returning(
        tx -> {
          statements.knownUser().require(Writable.require(tx), schedule.user());
          while (true) {
            Optional<Schedule> there = statements.read().lock(tx, schedule.name());
            Instant now = statements.read().now(tx);
            if (there.isPresent()) {
              return statements.write().update(tx, there.get(), schedule, args, now);
            }
            Optional<Schedule> made = statements.write().insert(tx, schedule, args, now);
            if (made.isPresent()) {
              return made.get();
            }
            // Somebody has put one of that name in the meantime.
          }
        });
  }

  @Override
  public Schedule replace(NewSchedule schedule, long version) {
    Json args = args(Args.notNull(schedule, "schedule"));
    return scope.returning(
        tx -> {
          statements.knownUser().require(Writable.require(tx), schedule.user());
          Schedule there = locked(tx, schedule.name());
          if (there.version() != version) {
            throw new StaleScheduleException(schedule.name(), version, there.version());
          }
          return statements.write().update(tx, there, schedule, args, statements.read().now(tx));
        });
  }

  private @Nullable Json args(NewSchedule schedule) {
    return schedule.args() == null ? null : json.write(schedule.args());
  }

  private Schedule locked(Tx tx, String name) {
    return statements.read().lock(tx, name).orElseThrow(() -> new UnknownScheduleException(name));
  }

  private static String checked(String name) {
    return Args.text(name, 255, "name");
  }

  @Override
  public Optional<Schedule> find(String name) {
    checked(name);
    return scope.returning(tx -> statements.read().find(tx, name));
  }

  @Override
  public List<Schedule> list(ScheduleFilter filter, SchedulePage page) {
    Args.notNull(filter, "filter");
    Args.notNull(page, "page");
    return scope.returning(tx -> statements.read().list(tx, filter, page));
  }

  @Override
  public boolean pause(String name) {
    checked(name);
    return scope.returning(tx -> statements.write().pause(Writable.require(tx), name));
  }

  @Override
  public boolean resume(String name) {
    checked(name);
    return scope.returning(
        tx -> {
          Optional<Schedule> schedule = statements.read().lock(Writable.require(tx), name);
          schedule.ifPresent(
              there -> statements.write().resume(tx, there, statements.read().now(tx)));
          return schedule.isPresent();
        });
  }

  @Override
  public boolean delete(String name) {
    checked(name);
    return scope.returning(tx -> statements.write().delete(Writable.require(tx), name));
  }

  @Override
  public Triggered trigger(String name) {
    checked(name);
    return scope.returning(
        tx -> {
          // The user before the schedule, in the order of those who merge or erase.
          UUID user =
              statements.read().find(Writable.require(tx), name).map(Schedule::userId).orElse(null);
          statements.knownUser().require(tx, user);
          Schedule schedule = locked(tx, name);
          return statements.trigger().run(tx, schedule, statements.read().now(tx));
        });
  }

  @Override
  public List<Instant> nextRuns(String name, int count) {
    checked(name);
    Args.range(count, 1, 10_000, "count");
    return scope.returning(
        tx -> {
          Schedule schedule =
              statements
                  .read()
                  .find(tx, name)
                  .orElseThrow(() -> new UnknownScheduleException(name));
          Instant next = schedule.nextRunAt();
          if (next == null) {
            return schedule.timing().next(statements.read().now(tx), count);
          }
          List<Instant> runs = new ArrayList<>(count);
          runs.add(next);
          if (count > 1) {
            runs.addAll(schedule.timing().next(next, count - 1));
          }
          return runs;
        });
  }

  @Override
  public Optional<OpenWindow> openWindow(String name) {
    checked(name);
    return scope.returning(
        tx -> {
          Instant now = statements.read().now(tx);
          return statements.read().find(tx, name).stream()
              .flatMap(schedule -> open(schedule, now))
              .findFirst();
        });
  }

  @Override
  public List<OpenWindow> openWindows(ScheduleFilter filter) {
    Args.notNull(filter, "filter");
    return scope.returning(
        tx -> {
          Instant now = statements.read().now(tx);
          return statements.read().windows(tx, filter).stream()
              .flatMap(schedule -> open(schedule, now))
              .toList();
        });
  }

  private static Stream<OpenWindow> open(Schedule schedule, Instant now) {
    return schedule.isActive() && schedule.timing() instanceof Window window
        ? new WindowTimes(window)
            .openAt(now).stream().map(open -> new OpenWindow(schedule, open.since(), open.until()))
        : Stream.empty();
  }
}

package dev.plinth.core.internal.maintenance;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.instance.Instances;
import dev.plinth.core.internal.Lifecycle;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.maintenance.Maintenance;
import dev.plinth.core.maintenance.TaskStatus;
import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the database, for each task and a few times in its period, whether it is due and free; the
 * one node that wins the row runs it. Safe for use by many threads.
 */
public final class LeasedMaintenance implements Maintenance, Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(LeasedMaintenance.class);
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_.-]{0,99}");

  private final TaskRows rows;
  private final Instances instances;
  private final Threads threads;
  private final Duration longest;
  private final Ticker ticker;
  private final Map<String, Registered> tasks = new ConcurrentHashMap<>();
  private final Set<Run> running = ConcurrentHashMap.newKeySet();

  /** Opens nothing yet. */
  public LeasedMaintenance(
      Settings settings, Transactions transactions, Instances instances, Threads threads) {
    this.rows = new TaskRows(transactions, settings.schema());
    this.instances = instances;
    this.threads = threads;
    this.longest = settings.maintenanceLimit();
    this.ticker = new Ticker(threads, this::tick);
  }

  @Override
  public void start() {
    ticker.start();
  }

  @Override
  public void close() {
    ticker.close(() -> running.forEach(Run::interrupt), running::isEmpty);
  }

  @Override
  public Subscription register(String name, Duration period, Task task) {
    Args.matching(
        name, NAME, "at most 100 lower-case letters, digits and the characters . _ -", "name");
    Args.positive(period, "period");
    Args.notNull(task, "task");
    Registered registered = new Registered(name, period, task);
    Args.check(
        tasks.putIfAbsent(name, registered) == null,
        "name must be new, but a task " + name + " is registered already");
    return () -> tasks.remove(name, registered);
  }

  @Override
  public boolean runNow(String name) {
    Registered task = tasks.get(Args.notNull(name, "name"));
    Args.check(task != null, "name must be that of a task registered here");
    return attempt(Args.notNull(task, "task"), Duration.ZERO);
  }

  @Override
  public List<TaskStatus> status() {
    return rows.status();
  }

  /** The tasks registered here, with their periods. */
  public Map<String, Duration> periods() {
    return tasks.values().stream()
        .collect(Collectors.toUnmodifiableMap(Registered::name, Registered::period));
  }

  private void tick() {
    for (Registered task : tasks.values()) {
      if (instances.isAlive() && task.begins()) {
        try {
          threads.execute(() -> attemptInBackground(task));
        } catch (RejectedExecutionException e) {
          task.ended();
          log.warn("No thread could be had for the maintenance task {}", task.name(), e);
        }
      }
    }
  }

  private void attemptInBackground(Registered task) {
    try {
      attempt(task, task.period());
    } catch (RuntimeException e) {
      log.debug("The maintenance task {} could not be looked after", task.name(), e);
    } finally {
      task.ended();
    }
  }

  private boolean attempt(Registered task, Duration period) {
    boolean started = instances.isAlive();
    UUID holder = started ? instances.id() : UUID.randomUUID();
    BooleanSupplier mayAct = started ? () -> instances.isAlive(holder) : () -> true;
    Duration time = instances.timeToLive();
    OptionalLong number = rows.claim(task.name(), holder, time, period);
    if (number.isEmpty()) {
      return false;
    }
    TaskRows.Lease lease = new TaskRows.Lease(task.name(), holder, number.getAsLong());
    Run run = new Run(rows, lease, time, longest, mayAct);
    running.add(run);
    try {
      run.execute(task.task(), threads);
    } finally {
      running.remove(run);
    }
    return true;
  }
}

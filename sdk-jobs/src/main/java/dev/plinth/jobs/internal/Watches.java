package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobWatch;
import dev.plinth.jobs.JobWatcher;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs that are watched here. While there are any, one thread of the executor asks for all of
 * them at once; else none.
 */
public final class Watches implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Watches.class);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long APART_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int AT_ONCE = 1_000;

  private final Plinth plinth;
  private final ReadJobs read;
  private final Watched watched;
  private final Signal signal = new Signal();
  private final Set<Watch> open = ConcurrentHashMap.newKeySet();
  private boolean polling;
  private boolean closed;
  private long announcedAt;
  private @Nullable Subscription changes;

  /** None yet. */
  public Watches(Plinth plinth, Statements statements) {
    this.plinth = plinth;
    this.read = statements.read();
    this.watched = statements.control().watched();
  }

  /** Begins one. */
  public JobWatch watch(JobId id, Duration atMostEvery, JobWatcher watcher) {
    Watch watch = new Watch(id.value(), atMostEvery.toNanos(), watcher);
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("Jobs is closed: build a new one");
      }
      open.add(watch);
      announcedAt = System.nanoTime() - Watched.RENEWED_NANOS;
      if (!polling) {
        begin(watch);
      }
    }
    signal.wake();
    return watch;
  }

  private void begin(Watch first) {
    try {
      plinth.executor().execute(this::loop);
    } catch (RuntimeException e) {
      open.remove(first);
      throw e;
    }
    polling = true;
    changes = watched.onChange(this::changed);
  }

  private void changed(String job) {
    if (open.stream().anyMatch(watch -> job.isEmpty() || watch.id.toString().equals(job))) {
      signal.wake();
    }
  }

  private void loop() {
    try {
      while (goesOn()) {
        poll();
        // However many changes are told, they are asked for together.
        LockSupport.parkNanos(this, APART_NANOS);
        signal.await(POLL_NANOS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("The thread that watches jobs was interrupted: the watches are closed");
      open.forEach(Watch::close);
      goesOn();
    }
  }

  private synchronized boolean goesOn() {
    open.removeIf(watch -> !watch.isOpen());
    if (!open.isEmpty()) {
      return true;
    }
    polling = false;
    if (changes != null) {
      changes.close();
      changes = null;
    }
    return false;
  }

  private void poll() {
    try {
      List<UUID> ids = open.stream().map(watch -> watch.id).distinct().toList();
      announceIfDue(ids);
      Map<UUID, Job> jobs = new HashMap<>();
      for (int i = 0; i < ids.size(); i += AT_ONCE) {
        UUID[] some = ids.subList(i, Math.min(i + AT_ONCE, ids.size())).toArray(UUID[]::new);
        plinth
            .transactSeparately(TxOptions.defaults().withAllTenants(), tx -> read.findAll(tx, some))
            .forEach(job -> jobs.put(job.id().value(), job));
      }
      // Only those that were asked for: others may have come meanwhile.
      Set<UUID> asked = Set.copyOf(ids);
      open.stream()
          .filter(watch -> asked.contains(watch.id))
          .forEach(watch -> watch.tell(jobs.get(watch.id)));
    } catch (Throwable e) {
      log.debug("What is watched cannot be told now", e);
    }
  }

  private void announceIfDue(List<UUID> ids) {
    synchronized (this) {
      if (System.nanoTime() - announcedAt < Watched.RENEWED_NANOS) {
        return;
      }
      announcedAt = System.nanoTime();
    }
    plinth.transactSeparately(
        TxOptions.defaults(),
        tx -> {
          watched.announce(tx, ids);
          return true;
        });
  }

  /** Ends them all. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    open.forEach(Watch::close);
  }

  /** One of them. Its last call is made before it counts as closed. */
  private final class Watch implements JobWatch {
    private final UUID id;
    private final long atMostEvery;
    private final JobWatcher watcher;
    private volatile boolean over;
    private @Nullable Job last;
    private long toldAt;

    Watch(UUID id, long atMostEvery, JobWatcher watcher) {
      this.id = id;
      this.atMostEvery = atMostEvery;
      this.watcher = watcher;
    }

    /** By the polling thread only. */
    void tell(@Nullable Job job) {
      if (over) {
        return;
      }
      if (job == null) {
        over = true;
        return;
      }
      boolean ended = job.status().isEnded();
      long now = System.nanoTime();
      Job before = last;
      boolean due =
          before == null || (isAnother(before, job) && (ended || now - toldAt >= atMostEvery));
      if (due) {
        last = job;
        toldAt = now;
        try {
          watcher.changed(job);
        } catch (Throwable e) {
          log.warn("A watcher of job {} failed", id, e);
        }
      }
      if (ended) {
        over = true;
      }
    }

    private static boolean isAnother(Job before, Job now) {
      return before.status() != now.status()
          || before.errorRecoveryAttempts() != now.errorRecoveryAttempts()
          || !Objects.equals(before.progress(), now.progress());
    }

    @Override
    public boolean isOpen() {
      return !over;
    }

    @Override
    public void close() {
      over = true;
      signal.wake();
    }
  }
}

package dev.plinth.core.internal.health;

import dev.plinth.core.health.Health;
import dev.plinth.core.health.HealthStatus;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.vault.VaultHealth;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the primary and the replica on threads of their own, waits no longer than it was told,
 * and judges what it has by then. Safe for use by many threads.
 */
public final class HealthCheck {
  private final ConnectionSource source;
  private final InstantSource clock;
  private final PrimaryLook primary;
  private final ReplicaLook replica;
  private final OneAtATime<Facts> primaryLooks;
  private final OneAtATime<ReplicaLook.Seen> replicaLooks;
  private final OneAtATime<VaultLook.Seen> vaultLooks;
  private final @Nullable VaultLook vault;
  private final Supplier<Health.Notifications> notifications;
  private final Supplier<Health.@Nullable Node> instance;

  /** Opens nothing. */
  public HealthCheck(
      ConnectionSource source,
      InstantSource clock,
      Executor executor,
      PrimaryLook primary,
      @Nullable Supplier<VaultHealth> vault,
      Supplier<Health.Notifications> notifications,
      Supplier<Health.@Nullable Node> instance) {
    this.source = source;
    this.clock = clock;
    this.primary = primary;
    this.replica = new ReplicaLook(source);
    this.primaryLooks = new OneAtATime<>(executor);
    this.replicaLooks = new OneAtATime<>(executor);
    this.vaultLooks = new OneAtATime<>(executor);
    this.vault = vault == null ? null : new VaultLook(vault);
    this.notifications = notifications;
    this.instance = instance;
  }

  /** Never throws and takes no longer than the time, but for what the JVM itself delays. */
  public Health within(Duration time) {
    Instant at = clock.instant();
    long begun = System.nanoTime();
    long end = begun + time.toNanos();
    Facts facts = new Facts();
    ReplicaLook.@Nullable Seen seen = null;
    VaultLook.@Nullable Seen keys = null;
    boolean inTime = true;
    try {
      var look = primaryLooks.join(Facts::new, into -> primary.into(into, time));
      var other =
          source.readsElsewhere()
              ? replicaLooks.join(ReplicaLook.Seen::new, into -> replica.into(into, time))
              : null;
      facts = look.subject();
      inTime = await(look.done(), end);
      VaultLook asked = vault;
      // It would only say the same of a database that is away, or of tables that are missing.
      if (asked != null && inTime && facts.isMigrated()) {
        var third = vaultLooks.join(VaultLook.Seen::new, asked::into);
        await(third.done(), end);
        keys = third.subject();
      }
      if (other != null) {
        await(other.done(), end);
        seen = other.subject();
      }
    } catch (RuntimeException e) {
      facts.findings.down(
          "plinth",
          "There is no thread to ask the database with ("
              + e.getMessage()
              + "): this Plinth is closed, or its executor is");
    }
    return judged(at, begun, time, facts, seen, keys, inTime);
  }

  private Health judged(
      Instant at,
      long begun,
      Duration time,
      Facts facts,
      ReplicaLook.@Nullable Seen seen,
      VaultLook.@Nullable Seen keys,
      boolean inTime) {
    Findings findings = new Findings();
    facts.findings.sorted().forEach(f -> findings.add(f.status(), f.part(), f.message()));
    Health.Pool pool = HikariPools.useOf(source.dataSource().orElse(null));
    if (!inTime) {
      late(findings, facts, time);
    }
    Judgement judgement = new Judgement(findings);
    List<Health.Schema> schema = facts.schema;
    judgement.schema(schema);
    judgement.pool(pool);
    Health.Notifications listening = notifications.get();
    judgement.notifications(listening);
    Health.Node node = instance.get();
    judgement.instance(node);
    List<Health.Task> tasks = facts.tasks;
    judgement.tasks(tasks);
    judgement.readings(facts.readings);
    VaultHealth vaultHealth = keys == null ? null : judgement.vault(keys);
    Health.Replica behind = seen == null ? null : judgement.replica(seen, facts);
    List<Health.Finding> found = findings.sorted();
    return new Health(
        found.isEmpty() ? HealthStatus.UP : found.get(0).status(),
        found,
        at,
        Duration.ofNanos(System.nanoTime() - begun),
        facts.database,
        schema,
        pool,
        listening,
        node == null ? null : new Health.Node(node.id(), node.alive(), facts.heartbeatAt),
        tasks,
        behind,
        vaultHealth,
        facts.readings);
  }

  private static void late(Findings findings, Facts facts, Duration time) {
    if (!facts.connected) {
      findings.down(
          "database",
          "No connection to the database could be had within "
              + time
              + ": the pool is exhausted, or the server does not answer");
    } else if (facts.database == null) {
      findings.down(
          "database",
          "The database gave a connection but no answer within "
              + time
              + ": see whether the server or the network hangs");
    } else {
      findings.degraded(
          "database",
          "The database answered, but not everything within "
              + time
              + ": it is overloaded, or somebody holds a lock on Plinth's tables");
    }
  }

  private static boolean await(CompletableFuture<Boolean> done, long end) {
    try {
      return done.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

package dev.plinth.core.internal.health;

import dev.plinth.core.health.Health;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.health.HealthStatus;
import dev.plinth.core.vault.VaultHealth;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes findings of what was seen. */
final class Judgement {
  /** Some minutes of writing, or a few seconds of a bulk load. */
  private static final long MUCH_LAG = 64L << 20;

  private final Findings findings;

  Judgement(Findings findings) {
    this.findings = findings;
  }

  void schema(List<Health.Schema> schema) {
    for (Health.Schema module : schema) {
      if (module.tooNew()) {
        findings.down(
            "schema",
            "Module "
                + module.module()
                + " has had a breaking migration by a newer version (the database is at "
                + module.version()
                + ", this code knows "
                + module.known()
                + "): upgrade this node");
      } else if (!module.pending().isEmpty()) {
        findings.down(
            "schema",
            "Module "
                + module.module()
                + " lacks "
                + (module.version() == 0 ? "its schema" : "the migrations " + module.pending())
                + ": run plinth.migrations().migrate()");
      }
    }
  }

  void pool(Health.@Nullable Pool pool) {
    if (pool != null && pool.waiting() > 0 && pool.active() >= pool.max()) {
      findings.degraded(
          "pool",
          pool.waiting()
              + " threads wait for a connection, and all "
              + pool.max()
              + " of "
              + pool.name()
              + " are in use: enlarge the pool, or find who holds them (leakDetectionThreshold)");
    }
  }

  void notifications(Health.Notifications notifications) {
    if (notifications.state() == Health.Notifications.State.POLLING) {
      findings.degraded(
          "notifications",
          "There is no LISTEN connection since "
              + notifications.since()
              + ": this node polls, so everything arrives, later. If it stays so, see the log for"
              + " why, and give a notificationDataSource that leads to the server directly");
    }
  }

  void instance(Health.@Nullable Node instance) {
    if (instance != null && !instance.alive()) {
      findings.degraded(
          "instance",
          "No heartbeat of this node succeeded for its time to live, so it acts under no lease and"
              + " others take over its work: see whether the pool gives connections and the database"
              + " answers");
    }
  }

  void tasks(List<Health.Task> tasks) {
    for (Health.Task task : tasks) {
      if (task.overdue()) {
        findings.degraded(
            "maintenance",
            "The task "
                + task.name()
                + (task.sinceStart() == null
                    ? " has never begun"
                    : " last began " + task.sinceStart().toSeconds() + " seconds ago")
                + (task.running() ? " and still runs" : "")
                + ", more than twice its period: see whether a node hangs in it, and run"
                + " plinth.maintenance().runNow(\""
                + task.name()
                + "\") to see what happens");
      }
      if (task.lastError() != null) {
        findings.degraded(
            "maintenance",
            "The task " + task.name() + " failed when it last ran: " + task.lastError());
      }
    }
  }

  /** What the vault said, or null when it has not. */
  @Nullable VaultHealth vault(VaultLook.Seen seen) {
    VaultHealth vault = seen.health();
    if (vault == null) {
      String failure = seen.failure();
      findings.degraded(
          "vault",
          failure == null
              ? "The vault gave no answer in time: see whether the KMS behind the key provider answers"
              : "The vault cannot tell how it stands: " + failure);
      return null;
    }
    if (vault.problem() != null) {
      findings.degraded("vault", "Nothing can be encrypted: " + vault.problem());
    }
    vault
        .unreadable()
        .forEach(
            (key, reason) ->
                findings.degraded(
                    "vault", "Values under data key " + key + " cannot be read here: " + reason));
    if (!vault.nearLimit().isEmpty()) {
      findings.degraded(
          "vault",
          "Data keys "
              + vault.nearLimit()
              + " are near the most values they may encrypt: plinth.vault().keys().beginEpoch()");
    }
    if (vault.undecryptable() > 0) {
      findings.degraded(
          "vault",
          "The latest rotation found "
              + vault.undecryptable()
              + " values that do not decrypt: see plinth.vault().keys().rotation()");
    }
    return vault;
  }

  void readings(List<HealthReading> readings) {
    for (HealthReading reading : readings) {
      if (reading.status() != HealthStatus.UP) {
        findings.add(reading.status(), reading.name(), reading.advice());
      }
    }
  }

  Health.Replica replica(ReplicaLook.Seen seen, Facts primary) {
    ReplicaLook.State state = seen.state;
    if (state == null) {
      String failure = seen.failure;
      findings.degraded(
          "replica",
          "The read DataSource does not answer ("
              + (failure == null ? "not in time" : failure)
              + "): reads go to the primary, unless they forbid it");
      return new Health.Replica(false, false, null, null);
    }
    String position = primary.logPosition;
    if (!state.recovering()) {
      String history = primary.history;
      if (history != null && !Objects.equals(history, state.history())) {
        findings.degraded(
            "replica",
            "The server behind the read DataSource was promoted and no longer follows the primary:"
                + " point one of the two DataSources elsewhere");
      }
      return new Health.Replica(true, false, null, null);
    }
    Long lag =
        position == null || state.position() == null
            ? null
            : Math.max(0, bytes(position) - bytes(state.position()));
    if (state.paused()) {
      findings.degraded(
          "replica",
          "Replay is paused on the replica, so it falls behind: pg_wal_replay_resume() lets it go on");
    } else if (lag != null && lag > MUCH_LAG) {
      findings.degraded(
          "replica",
          "The replica is "
              + (lag >> 20)
              + " MiB of log behind: reads with a position go to the primary. See whether a long"
              + " query on it, its disk or the network holds it up");
    }
    return new Health.Replica(true, true, lag, state.replayedAt());
  }

  private static long bytes(String position) {
    int slash = position.indexOf('/');
    return (Long.parseLong(position.substring(0, slash), 16) << 32)
        + Long.parseLong(position.substring(slash + 1), 16);
  }
}

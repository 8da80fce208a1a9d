package dev.plinth.jobs;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Why a job does not run, or that it does, or how it ended: what {@link JobQueue#explain} says, at
 * the moment of asking.
 */
public sealed interface Explanation {
  /** One plain sentence that says how it stands and what can be done. */
  String text();

  /**
   * It has ended.
   *
   * @param status how
   * @param at when
   * @param error its last error, or null
   */
  record Ended(JobStatus status, Instant at, @Nullable String error) implements Explanation {
    @Override
    public String text() {
      return switch (status) {
        case COMPLETED -> "It completed at " + at + ".";
        case FAILED ->
            "It failed for good at "
                + at
                + (error == null ? "" : " (" + firstLine(error) + ")")
                + ": jobs.retry(id) gives it another attempt.";
        default -> "It ended at " + at + " as " + status + ".";
      };
    }
  }

  /**
   * An instance has claimed it.
   *
   * @param instanceId which one
   * @param node its name, or null when its row is gone
   * @param since when it was claimed
   * @param attempt number of the attempt
   * @param alive whether the instance lives, by the database's clock
   */
  record Running(UUID instanceId, @Nullable String node, Instant since, int attempt, boolean alive)
      implements Explanation {
    @Override
    public String text() {
      return "Attempt "
          + attempt
          + (alive
              ? " is under way on " + named(instanceId, node) + " since " + since + "."
              : " was under way on "
                  + named(instanceId, node)
                  + ", which is dead: a living node takes the job over within a quarter of"
                  + " instanceTimeToLive; start one if there is none.");
    }
  }

  /**
   * Its instance is dead, but a transaction of its handler's is still open and holds the fence.
   *
   * @param instanceId the instance
   * @param node its name, or null when its row is gone
   * @param holder the session
   */
  record FenceHeld(UUID instanceId, @Nullable String node, Holder holder) implements Explanation {
    @Override
    public String text() {
      return "Its attempt was under way on "
          + named(instanceId, node)
          + ", which is dead, but "
          + holder.text()
          + " still holds its fence: the job is taken over when that transaction ends, which"
          + " SELECT pg_terminate_backend("
          + holder.pid()
          + ") sees to.";
    }
  }

  /**
   * Its time has not come.
   *
   * @param at when it becomes ready
   */
  record Scheduled(Instant at) implements Explanation {
    @Override
    public String text() {
      return "It is scheduled for " + at + " and becomes ready then.";
    }
  }

  /**
   * Its last attempt failed, and it waits before the next.
   *
   * @param at when it becomes ready
   * @param attempt number of the next attempt
   * @param lastError what the last one failed with, or null
   */
  record BackingOff(Instant at, int attempt, @Nullable String lastError) implements Explanation {
    @Override
    public String text() {
      return "Its last attempt failed"
          + (lastError == null ? "" : " (" + firstLine(lastError) + ")")
          + "; attempt "
          + attempt
          + " follows at "
          + at
          + ".";
    }
  }

  /**
   * No living dispatcher claims from its queue.
   *
   * @param queue the queue
   */
  record NobodyWorks(String queue) implements Explanation {
    @Override
    public String text() {
      return "No living node works the queue "
          + queue
          + ": start one with Jobs.builder(plinth).queue(\""
          + queue
          + "\").";
    }
  }

  /**
   * Its queue is worked, but nobody there has a handler for its type in its version.
   *
   * @param type the name of its kind
   * @param version the version its arguments were written for
   * @param takers those who work its queue, and what they take
   */
  record NoHandler(String type, int version, List<Taker> takers) implements Explanation {
    /** Copies the list. */
    public NoHandler {
      takers = List.copyOf(takers);
    }

    @Override
    public String text() {
      StringBuilder text =
          new StringBuilder("No living node has a handler for ")
              .append(type)
              .append(" in version ")
              .append(version)
              .append(": deploy one. Those who work its queue:");
      takers.forEach(
          taker ->
              text.append(' ')
                  .append(named(taker.instanceId(), taker.node()))
                  .append(" takes ")
                  .append(new TreeMap<>(taker.versions()))
                  .append(';'));
      text.setCharAt(text.length() - 1, '.');
      return text.toString();
    }
  }

  /**
   * It waits for other jobs.
   *
   * @param parents those that it still waits for; the first hundred
   */
  record WaitingForParents(List<Parent> parents) implements Explanation {
    /** Copies the list. */
    public WaitingForParents {
      parents = List.copyOf(parents);
    }

    @Override
    public String text() {
      List<Parent> held = parents.stream().filter(Parent::isHolding).toList();
      if (!held.isEmpty()) {
        return "It waits until "
            + held.get(0).id()
            + ", which did not complete, has been retried and has: jobs.retry(id) with that job's id"
            + " retries it.";
      }
      if (parents.isEmpty()) {
        return "All that it waited for has ended: it is put in line within some seconds, if a node"
            + " works.";
      }
      return "It waits for "
          + (parents.size() == 1 ? "the job " : parents.size() + " jobs, the first of them ")
          + parents.get(0).text()
          + ": explain that one.";
    }
  }

  /**
   * Its queue is paused.
   *
   * @param queue the queue
   * @param since since when
   * @param by who paused it, or null
   * @param reason why, or null
   */
  record Paused(String queue, Instant since, @Nullable String by, @Nullable String reason)
      implements Explanation {
    @Override
    public String text() {
      return "The queue "
          + queue
          + " is paused since "
          + since
          + (by == null ? "" : " by " + by)
          + (reason == null ? "" : " (" + reason + ")")
          + ": jobs.queues().resume(\""
          + queue
          + "\") lets it go on.";
    }
  }

  /**
   * A limit counts it and lets no more through, or it has to wait its turn there.
   *
   * @param limit the limit without room, or null when all have room and it is its turn soon
   * @param share whether it is its user's share of a fair queue that is used up
   * @param running how many the limit counts now
   * @param most how many it allows
   * @param holders some of those it counts
   * @param ahead how many wait before it in the same line, counted up to a bound
   */
  record LimitReached(
      @Nullable Limit limit,
      boolean share,
      int running,
      int most,
      List<JobId> holders,
      JobCount ahead)
      implements Explanation {
    /** Copies the list. */
    public LimitReached {
      holders = List.copyOf(holders);
    }

    @Override
    public String text() {
      String before =
          ahead.atLeast() == 1 ? "one job waits before it" : ahead + " jobs wait before it";
      if (limit == null) {
        return "Limits count it, and all of them have room: it is let through in its turn, or when"
            + " its queue's rate allows; "
            + before
            + ".";
      }
      return (share ? "Its user's share of the queue " + limit.name() : limitText(limit))
          + " is used up ("
          + running
          + " of "
          + most
          + (holders.isEmpty() ? "" : ", among them " + holders.get(0))
          + "); "
          + before
          + ": it is let through when one of those ends, or jobs.limits().set(…) raises the limit.";
    }

    private static String limitText(Limit limit) {
      return switch (limit.scope()) {
        case GLOBAL -> "The limit on all jobs";
        case QUEUE -> "The limit on the queue " + limit.name();
        case TYPE -> "The limit on the type " + limit.name();
        case KEY -> "The limit on the key " + limit.name();
        case EVERY_KEY -> "The limit on each key, for its own,";
      };
    }
  }

  /**
   * It may be claimed.
   *
   * @param queue its queue
   * @param ahead those before it in the queue, counted up to a bound
   * @param higher those among them with a higher priority, counted up to a bound
   */
  record InLine(String queue, JobCount ahead, JobCount higher) implements Explanation {
    @Override
    public String text() {
      return ahead.atLeast() == 0
          ? "It is the first in line in the queue " + queue + " and is claimed next."
          : (ahead.atLeast() == 1 ? "One job is" : ahead + " jobs are")
              + " ahead of it in the queue "
              + queue
              + ", "
              + higher
              + " of them with a higher priority: it is claimed after them, sooner with more"
              + " workers or nodes.";
    }
  }

  /**
   * An open transaction holds the row that says where it stands: somebody is just claiming or
   * moving it, or has left that transaction open.
   *
   * @param holder the session
   */
  record Locked(Holder holder) implements Explanation {
    @Override
    public String text() {
      return "Its place in line is locked by "
          + holder.text()
          + ": ask again; if it stays so, SELECT pg_terminate_backend("
          + holder.pid()
          + ") ends that transaction.";
    }
  }

  /** It has not ended and stands nowhere, which must not be. */
  record Nowhere() implements Explanation {
    @Override
    public String text() {
      return "It is pending but stands nowhere, which must not be: jobs.repair() puts it back in"
          + " line.";
    }
  }

  /**
   * A session of the database.
   *
   * @param pid its backend's process id
   * @param application what it calls itself; empty when that is not known
   * @param state what it does; empty when this role may not see it
   * @param since when its transaction began, or null when this role may not see it
   */
  record Holder(int pid, String application, String state, @Nullable Instant since) {
    String text() {
      return "the session "
          + pid
          + (application.isEmpty() ? "" : " (" + application + ")")
          + (state.isEmpty() ? "" : ", " + state)
          + (since == null ? "" : ", in a transaction since " + since);
    }
  }

  /**
   * A living dispatcher.
   *
   * @param instanceId its instance
   * @param node the instance's name
   * @param versions the types it takes, each up to a version
   */
  record Taker(UUID instanceId, String node, Map<String, Integer> versions) {
    /** Copies the map. */
    public Taker {
      versions = Map.copyOf(versions);
    }
  }

  /**
   * A job that another waits for.
   *
   * @param id which one
   * @param type the name of its kind, or null when it is gone or another tenant's
   * @param status where it stands, or null when it is gone or another tenant's
   * @param onFailure what becomes of the one that waits if this does not complete
   */
  record Parent(JobId id, @Nullable String type, @Nullable JobStatus status, OnFailure onFailure) {
    boolean isHolding() {
      return onFailure == OnFailure.HOLD
          && (status == JobStatus.FAILED || status == JobStatus.CANCELLED);
    }

    String text() {
      return id + (type == null ? "" : " (" + type + ", " + status + ")");
    }
  }

  private static String named(UUID instance, @Nullable String node) {
    return node == null ? "instance " + instance : node + " (instance " + instance + ")";
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }
}

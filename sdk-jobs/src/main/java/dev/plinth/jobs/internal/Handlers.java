package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import dev.plinth.jobs.JobAction;
import dev.plinth.jobs.JobFunction;
import dev.plinth.jobs.JobKind;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.ResultJobType;
import dev.plinth.jobs.UpcastException;
import dev.plinth.jobs.Upcaster;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What this node can run. Filled by the builder, then only read. */
public final class Handlers {
  private final Map<String, Handler> byType = new LinkedHashMap<>();

  private static final SortedMap<Integer, Upcaster> NO_UPCASTERS = new TreeMap<>();
  private final Map<String, SortedMap<Integer, Upcaster>> upcasters = new LinkedHashMap<>();

  /** None yet. */
  public Handlers() {}

  /** Runs a job from its stored arguments, and gives the result to store. */
  interface Body {
    @Nullable Object run(Json args, JobRun run, JsonCodec json) throws Exception;
  }

  /** A kind and how to run it. */
  record Handler(JobKind<?> kind, Class<?> resultType, Body body) {}

  /** Adds one without result. */
  public <A> void add(JobType<A> type, JobAction<A> action) {
    Args.notNull(type, "type");
    Args.notNull(action, "action");
    put(
        new Handler(
            type,
            Void.class,
            (args, run, json) -> {
              action.run(json.read(args, type.argsType()), run);
              return null;
            }));
  }

  /** Adds one with a result. */
  public <A, R> void add(ResultJobType<A, R> type, JobFunction<A, R> function) {
    Args.notNull(type, "type");
    Args.notNull(function, "function");
    put(
        new Handler(
            type,
            type.resultType(),
            (args, run, json) -> function.run(json.read(args, type.argsType()), run)));
  }

  /** Adds a step from one version to the next. */
  public void upcast(JobKind<?> kind, int from, Upcaster upcaster) {
    Args.notNull(kind, "kind");
    Args.notNull(upcaster, "upcaster");
    Args.check(
        from >= 1 && from < kind.version(),
        "from must be from 1 to one less than the kind's version, "
            + kind.version()
            + ", but is "
            + from);
    Args.check(
        upcasters.computeIfAbsent(kind.name(), name -> new TreeMap<>()).putIfAbsent(from, upcaster)
            == null,
        "from must not have two upcasters, but " + kind.name() + " has one from " + from);
  }

  /** The job's arguments as its handler's version has them. */
  Json upcast(Claimed job, JsonCodec json) {
    Json args = job.args();
    for (Map.Entry<Integer, Upcaster> step :
        upcasters.getOrDefault(job.type(), NO_UPCASTERS).tailMap(job.version()).entrySet()) {
      try {
        args = Args.notNull(step.getValue().upcast(args, json), "what the upcaster returns");
      } catch (Exception e) {
        throw new UpcastException(job.type(), step.getKey(), e);
      }
    }
    return args;
  }

  private void put(Handler handler) {
    Args.check(
        byType.putIfAbsent(handler.kind().name(), handler) == null,
        "type must not have two handlers, but " + handler.kind().name() + " has one already");
  }

  /** True when there are none. */
  public boolean isEmpty() {
    return byType.isEmpty();
  }

  /** Another set with the same handlers. */
  public Handlers copy() {
    Handlers copy = new Handlers();
    copy.byType.putAll(byType);
    upcasters.forEach(
        (type, steps) -> {
          Args.check(
              byType.containsKey(type),
              "kind must have a handler to have upcasters, unlike " + type);
          copy.upcasters.put(type, new TreeMap<>(steps));
        });
    return copy;
  }

  /** The queues that the kinds go to by default. */
  public Set<String> queues() {
    Set<String> queues = new TreeSet<>();
    byType.values().forEach(handler -> queues.add(handler.kind().queue()));
    return queues;
  }

  Map<String, Integer> versions() {
    Map<String, Integer> versions = new TreeMap<>();
    byType.forEach((type, handler) -> versions.put(type, handler.kind().version()));
    return versions;
  }

  Handler of(String type) {
    Handler handler = byType.get(type);
    if (handler == null) {
      throw new IllegalStateException("No handler for " + type + ", yet it was claimed");
    }
    return handler;
  }
}

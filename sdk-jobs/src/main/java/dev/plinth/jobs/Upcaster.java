package dev.plinth.jobs;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import java.util.function.Function;

/**
 * Brings the arguments of a job from one version of its type to the next; see {@link
 * JobsBuilder#upcast}. Called by many threads at once, each time such a job runs; what is stored
 * stays as it is.
 */
@FunctionalInterface
public interface Upcaster {
  /**
   * The arguments as the next version writes them; what it throws fails the attempt.
   *
   * @param args as the version before wrote them
   * @param json maps them to objects and back
   */
  Json upcast(Json args, JsonCodec json) throws Exception;

  /** One that reads the old arguments as an object and makes the new ones of it. */
  static <A> Upcaster of(Class<A> old, Function<A, ?> next) {
    Args.notNull(old, "old");
    Args.notNull(next, "next");
    return (args, json) -> json.write(next.apply(json.read(args, old)));
  }
}

package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * Names a step of a run, and says what is to be recorded of it besides. Immutable.
 *
 * @param name once in a run, the same in every attempt; at most 255 characters
 * @param label a name for people, at most 255 characters; or null
 * @param type the kind of step in the host's words, at most 100 characters; or null
 * @param input what it is given, written as JSON; or null
 */
public record Step(
    String name, @Nullable String label, @Nullable String type, @Nullable Object input) {
  /** Checks the arguments. */
  public Step {
    Args.text(name, 255, "name");
    if (label != null) {
      Args.text(label, 255, "label");
    }
    if (type != null) {
      Args.text(type, 100, "type");
    }
  }

  /** By its name alone. */
  public static Step of(String name) {
    return new Step(name, null, null, null);
  }

  /** The same with a name for people. */
  public Step label(String label) {
    return new Step(name, Args.notNull(label, "label"), type, input);
  }

  /** The same of a kind in the host's words. */
  public Step type(String type) {
    return new Step(name, label, Args.notNull(type, "type"), input);
  }

  /** The same with what it is given; recorded only, and not handed to the step. */
  public Step input(Object input) {
    return new Step(name, label, type, Args.notNull(input, "input"));
  }
}

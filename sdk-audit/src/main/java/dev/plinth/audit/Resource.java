package dev.plinth.audit;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * The thing an action happened to, in the host's own terms.
 *
 * @param type its kind, such as {@code order}; at most 100 characters
 * @param id which one; at most 255 characters
 * @param name what people call it at the time, at most 255 characters, or null
 */
public record Resource(String type, String id, @Nullable String name) {
  /** Checks the arguments. */
  public Resource {
    Args.text(type, 100, "resourceType");
    Args.text(id, 255, "resourceId");
    if (name != null) {
      Args.bounded(name, 255, "resourceName");
    }
  }

  /** A thing without a name. */
  public static Resource of(String type, String id) {
    return new Resource(type, id, null);
  }
}

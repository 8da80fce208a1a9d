package dev.plinth.core.internal.json;

import dev.plinth.core.json.Json;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Documents whose form is known: those that PostgreSQL gave out of a {@code jsonb} column, which it
 * checked when it took them, and those that Jackson's generator wrote. To check it once more would
 * cost each request the time of a parser. Only {@link Json} itself can make one unchecked, and
 * lends this class the means; nothing public reaches it.
 */
public final class StoredJson {
  private static final AtomicReference<@Nullable Function<String, Json>> UNCHECKED =
      new AtomicReference<>();

  private StoredJson() {}

  /** For {@link Json}, when it is initialised. */
  public static void unchecked(Function<String, Json> constructor) {
    UNCHECKED.set(constructor);
  }

  /** The document with this text, known to be well formed and storable. */
  public static Json of(String text) {
    Function<String, Json> constructor = UNCHECKED.get();
    if (constructor == null) {
      Json.emptyObject(); // initialises the class
      constructor = UNCHECKED.get();
    }
    return Objects.requireNonNull(constructor).apply(text);
  }
}

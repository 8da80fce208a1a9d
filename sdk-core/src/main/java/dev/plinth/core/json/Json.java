package dev.plinth.core.json;

import dev.plinth.core.internal.json.JsonSyntax;
import dev.plinth.core.internal.json.StoredJson;
import dev.plinth.core.spi.Args;
import java.util.Map;

/**
 * A JSON document that is known to be well formed and storable as {@code jsonb}. Immutable.
 *
 * <p>Equality is that of the text: {@code {"a":1}} and {@code {"a": 1}} differ, although PostgreSQL
 * holds them equal. {@link #toString()} is the text itself, so do not put secrets into documents
 * that are logged.
 */
public final class Json {
  private static final Json EMPTY = new Json("{}");

  static {
    StoredJson.unchecked(Json::new);
  }

  private final String text;

  private Json(String text) {
    this.text = text;
  }

  /**
   * A document from its text.
   *
   * @throws IllegalArgumentException when it is null, not exactly one JSON value (RFC 8259), has a
   *     member twice, is nested deeper than 500 levels, or contains U+0000, which {@code jsonb}
   *     cannot store; the message gives line and column
   */
  public static Json of(String text) {
    return of(text, "json");
  }

  /** As {@link #of(String)}, with the argument's name for the message. */
  public static Json of(String text, String name) {
    Args.notNull(text, name);
    JsonSyntax.check(text, name);
    return new Json(text);
  }

  /**
   * An object whose members are the map's entries; values may be null, text, numbers, booleans,
   * lists, maps, {@code Instant}, {@code UUID} and {@code Enum}.
   *
   * @throws IllegalArgumentException for a value of another type
   */
  public static Json object(Map<String, ?> members) {
    Args.notNull(members, "members");
    return new Json(JsonSyntax.write(members));
  }

  /** The document {@code {}}. */
  public static Json emptyObject() {
    return EMPTY;
  }

  /** The document, if it is an object; columns such as {@code metadata} hold nothing else. */
  public Json requireObject(String name) {
    Args.check(isObject(), name + " must be a JSON object, such as {\"key\": \"value\"}");
    return this;
  }

  /** True for {@code {…}}. */
  public boolean isObject() {
    return text.stripLeading().startsWith("{");
  }

  /** The document's text, as it was given. */
  public String text() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Json that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}

package dev.plinth.core.json;

/**
 * Maps objects to JSON and back. The default understands records, collections, {@code java.time}
 * and {@code Optional}, writes instants as ISO 8601 text, and ignores members it does not know, so
 * that a node of the previous version reads what a newer one wrote.
 *
 * <p>A host may bring its own through {@code Plinth.builder().json(…)}. Implementations are safe
 * for use by many threads.
 */
public interface JsonCodec {
  /**
   * The object as a JSON document; null becomes {@code null}.
   *
   * @throws IllegalArgumentException when the object cannot be represented, naming its class
   */
  Json write(Object value);

  /**
   * A document as an object.
   *
   * @throws IllegalArgumentException when the document does not fit the type, naming the type and
   *     the path inside the document but not its content
   */
  <T> T read(Json json, Class<T> type);
}

package dev.plinth.core.internal.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** The default codec, on Jackson. */
public final class JacksonCodec implements JsonCodec {
  private static final String ESCAPED_NUL = "\\u0000";

  private final JsonMapper mapper =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamWriteFeature.STRICT_DUPLICATE_DETECTION)
                  .streamWriteConstraints(
                      StreamWriteConstraints.builder()
                          .maxNestingDepth(JsonSyntax.MAX_DEPTH)
                          .build())
                  .build())
          .addModules(new JavaTimeModule(), new Jdk8Module())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  @Override
  public Json write(Object value) {
    StringWriter out = new StringWriter();
    boolean doubtful;
    try (JsonGenerator plain = mapper.createGenerator(out)) {
      WatchedGenerator generator = new WatchedGenerator(plain);
      mapper.writeValue(generator, value);
      doubtful = generator.isDoubtful();
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          value.getClass().getName() + " cannot be written as JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String text = out.toString();
    // What Jackson itself has written needs no reading, but for what JSON has and jsonb has not.
    return doubtful || text.contains(ESCAPED_NUL) || Args.hasLoneSurrogate(text)
        ? Json.of(text)
        : StoredJson.of(text);
  }

  @Override
  public <T> T read(Json json, Class<T> type) {
    Args.notNull(json, "json");
    Args.notNull(type, "type");
    try {
      return mapper.readValue(json.text(), type);
    } catch (JsonProcessingException e) {
      String path = e instanceof JsonMappingException m ? m.getPathReference() : "";
      throw new IllegalArgumentException(
          "The JSON document does not fit "
              + type.getName()
              + (path.isEmpty() ? "" : " at " + path));
    }
  }
}

package dev.plinth.core.internal.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;

/** The default codec, on Jackson. */
public final class JacksonCodec implements JsonCodec {
  private final JsonMapper mapper =
      JsonMapper.builder()
          .addModules(new JavaTimeModule(), new Jdk8Module())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  @Override
  public Json write(Object value) {
    try {
      return Json.of(mapper.writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          value.getClass().getName() + " cannot be written as JSON: " + e.getOriginalMessage(), e);
    }
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

package dev.plinth.core.internal.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plinth.core.json.Json;

/** JSON merge patch, as the pseudo-code of RFC 7396, section 2, has it. */
public final class MergePatch {
  /** Numbers keep every digit, as jsonb does. */
  private static final ObjectMapper TREES =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private MergePatch() {}

  /** The document after the patch. */
  public static Json apply(Json target, Json patch) {
    try {
      return Json.of(
          TREES.writeValueAsString(
              merge(TREES.readTree(target.text()), TREES.readTree(patch.text()))));
    } catch (JsonProcessingException e) {
      // Both are documents already; without the cause, whose message quotes them.
      throw new IllegalArgumentException("patch must be a JSON document");
    }
  }

  private static JsonNode merge(JsonNode target, JsonNode patch) {
    if (!(patch instanceof ObjectNode changes)) {
      return patch;
    }
    ObjectNode result =
        target instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
    changes
        .properties()
        .forEach(
            change -> {
              if (change.getValue().isNull()) {
                result.remove(change.getKey());
              } else {
                JsonNode old = result.path(change.getKey());
                result.set(change.getKey(), merge(old, change.getValue()));
              }
            });
    return result;
  }
}

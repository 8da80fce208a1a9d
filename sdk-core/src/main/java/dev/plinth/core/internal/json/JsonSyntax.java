package dev.plinth.core.internal.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.plinth.core.spi.Args;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;

/** Strict reading of a document for its form alone, and writing of plain values. */
public final class JsonSyntax {
  static final int MAX_DEPTH = 500;

  /** The limits of PostgreSQL's numeric. */
  private static final int MAX_DIGITS_BEFORE_POINT = 131_072;

  private static final int MAX_DIGITS_AFTER_POINT = 16_383;

  private static final JsonFactory STRICT =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  // jsonb writes numbers out in full: what was taken must be readable again.
                  .maxNumberLength(MAX_DIGITS_BEFORE_POINT + MAX_DIGITS_AFTER_POINT + 2)
                  .build())
          .build();
  private static final ObjectMapper PLAIN =
      new ObjectMapper()
          .registerModules(new JavaTimeModule(), new Jdk8Module())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);

  private JsonSyntax() {}

  /** Throws unless the text is exactly one JSON value that {@code jsonb} can store. */
  public static void check(String text, String name) {
    try (JsonParser parser = STRICT.createParser(text)) {
      if (parser.nextToken() == null) {
        throw new IllegalArgumentException(name + " must be a JSON document, but is empty");
      }
      int depth = 0;
      do {
        JsonToken token = parser.currentToken();
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        refuseUnstorable(parser, token, name);
      } while (parser.nextToken() != null && depth > 0);
      if (parser.currentToken() != null) {
        throw new IllegalArgumentException(
            name + " must be one JSON value, but another follows" + at(parser.currentLocation()));
      }
    } catch (JsonProcessingException e) {
      // The parser's message quotes the input, which may be a secret: give the place only.
      throw new IllegalArgumentException(
          name + " must be well-formed JSON; it is not" + at(e.getLocation()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What is good JSON and yet refused by {@code jsonb}, which would abort the host's transaction.
   */
  private static void refuseUnstorable(JsonParser parser, JsonToken token, String name)
      throws IOException {
    if (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME) {
      String text = parser.getText();
      if (text.indexOf('\0') >= 0 || Args.hasLoneSurrogate(text)) {
        throw new IllegalArgumentException(
            name
                + " must not contain U+0000 or half of a surrogate pair, which jsonb cannot store"
                + at(parser.currentLocation()));
      }
    } else if (token == JsonToken.VALUE_NUMBER_FLOAT
        || (token == JsonToken.VALUE_NUMBER_INT
            && parser.getTextLength() > MAX_DIGITS_BEFORE_POINT)) {
      BigDecimal number = parser.getDecimalValue();
      if (number.precision() - number.scale() > MAX_DIGITS_BEFORE_POINT
          || number.scale() > MAX_DIGITS_AFTER_POINT) {
        throw new IllegalArgumentException(
            name
                + " must not contain a number beyond the range of numeric"
                + at(parser.currentLocation()));
      }
    }
  }

  /** A plain value (map, list, text, number, boolean, null, time) as text. */
  public static String write(Object value) {
    try {
      String text = PLAIN.writeValueAsString(value);
      check(text, "json");
      return text;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "members must hold only text, numbers, booleans, lists, maps and times: "
              + e.getOriginalMessage(),
          e);
    }
  }

  private static String at(JsonLocation location) {
    return location == null
        ? ""
        : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
  }
}

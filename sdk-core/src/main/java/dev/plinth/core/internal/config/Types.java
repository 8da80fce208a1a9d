package dev.plinth.core.internal.config;

import dev.plinth.core.config.SettingType;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Args;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/** The types of settings that Plinth brings. Strict: what is nearly of the type is refused. */
public final class Types {
  private static final int LONGEST_TEXT = 10_000;
  private static final int LARGEST_EXPONENT = 1_000;

  private Types() {}

  /** {@code true} and {@code false}. */
  public static SettingType<Boolean> bool() {
    return of(
        (value, codec) -> Json.of(value.toString()),
        (json, codec) ->
            switch (json.text().strip()) {
              case "true" -> true;
              case "false" -> false;
              default -> throw unfit("true or false");
            });
  }

  /** Whole numbers. */
  public static SettingType<Long> whole() {
    return of(
        (value, codec) -> Json.of(value.toString()),
        (json, codec) -> {
          try {
            return Long.valueOf(json.text().strip());
          } catch (NumberFormatException e) {
            throw unfit("a whole number of 64 bits");
          }
        });
  }

  /** Decimal numbers, exact. */
  public static SettingType<BigDecimal> decimal() {
    return of(
        (value, codec) -> {
          Args.check(
              Math.abs((long) value.scale()) <= LARGEST_EXPONENT
                  && value.precision() <= LARGEST_EXPONENT,
              "value must have at most 1,000 digits on each side of the point");
          return Json.of(value.toString());
        },
        (json, codec) -> {
          try {
            return new BigDecimal(json.text().strip());
          } catch (NumberFormatException e) {
            throw unfit("a number");
          }
        });
  }

  /** Text, which may be empty. */
  public static SettingType<String> text() {
    return of(
        (value, codec) -> codec.write(Args.bounded(value, LONGEST_TEXT, "value")),
        (json, codec) -> text(json, codec));
  }

  /** Durations, in ISO 8601. */
  public static SettingType<Duration> duration() {
    return of(
        (value, codec) -> codec.write(value.toString()),
        (json, codec) -> {
          try {
            return Duration.parse(text(json, codec));
          } catch (DateTimeParseException e) {
            throw unfit("a duration such as PT30S");
          }
        });
  }

  /** Constants of an enum, by name. */
  public static <E extends Enum<E>> SettingType<E> constant(Class<E> type) {
    return of(
        (value, codec) -> codec.write(value.name()),
        (json, codec) -> {
          String name = text(json, codec);
          return Arrays.stream(type.getEnumConstants())
              .filter(each -> each.name().equals(name))
              .findFirst()
              .orElseThrow(() -> unfit("one of " + Arrays.toString(type.getEnumConstants())));
        });
  }

  /** Lists of text. */
  public static SettingType<List<String>> texts() {
    return of(
        (value, codec) -> {
          for (String each : value) {
            Args.bounded(each, LONGEST_TEXT, "value");
          }
          return codec.write(value);
        },
        (json, codec) -> {
          if (!json.text().stripLeading().startsWith("[")) {
            throw unfit("a list of text");
          }
          String[] texts = codec.read(json, String[].class);
          if (Arrays.asList(texts).contains(null)) {
            throw unfit("a list of text without null");
          }
          return List.of(texts);
        });
  }

  /** JSON objects, as objects of a class such as a record. */
  public static <T> SettingType<T> object(Class<T> type) {
    return of(
        (value, codec) -> codec.write(value).requireObject("value"),
        (json, codec) -> codec.read(json.requireObject("value"), type));
  }

  /** JSON objects as they are. */
  public static SettingType<Json> json() {
    return of(
        (value, codec) -> value.requireObject("value"),
        (json, codec) -> json.requireObject("value"));
  }

  private static String text(Json json, JsonCodec codec) {
    if (!json.text().stripLeading().startsWith("\"")) {
      throw unfit("text");
    }
    return codec.read(json, String.class);
  }

  private static IllegalArgumentException unfit(String expected) {
    return new IllegalArgumentException("value must be " + expected);
  }

  private static <T> SettingType<T> of(
      BiFunction<T, JsonCodec, Json> write, BiFunction<Json, JsonCodec, T> read) {
    return new SettingType<>() {
      @Override
      public Json write(T value, JsonCodec codec) {
        return write.apply(value, codec);
      }

      @Override
      public T read(Json json, JsonCodec codec) {
        return read.apply(json, codec);
      }
    };
  }
}

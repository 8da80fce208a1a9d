package dev.plinth.core.config;

import dev.plinth.core.internal.config.Types;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The declaration of a setting: its name, its type, its default, and what values it may have. Made
 * once, as a constant:
 *
 * <pre>{@code
 * static final Setting<Duration> PATIENCE =
 *     Setting.ofDuration("import.patience", Duration.ofMinutes(5))
 *         .check(value -> !value.isNegative(), "must not be negative");
 * }</pre>
 *
 * <p>A name begins with a lower-case letter and has at most 100 lower-case letters, digits and the
 * characters {@code . _ -}. It stands for one type for ever: a value that does not fit, as one that
 * a newer version of the host has stored may not, counts as the default. Immutable.
 *
 * @param <T> the values' type, which must be immutable
 */
public final class Setting<T> {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_.-]{0,99}");

  private record Check<T>(Predicate<T> holds, String expected) {}

  private final String name;
  private final Class<?> valueClass;
  private final SettingType<T> type;
  private final T defaultValue;
  private final @Nullable Check<T> check;
  private final boolean sensitive;

  private Setting(
      String name,
      Class<?> valueClass,
      SettingType<T> type,
      T defaultValue,
      @Nullable Check<T> check,
      boolean sensitive) {
    this.name = name;
    this.valueClass = valueClass;
    this.type = type;
    this.defaultValue = defaultValue;
    this.check = check;
    this.sensitive = sensitive;
  }

  /** A setting that is on or off. */
  public static Setting<Boolean> ofBoolean(String name, boolean defaultValue) {
    return of(name, Boolean.class, Types.bool(), defaultValue);
  }

  /** A whole number. */
  public static Setting<Long> ofLong(String name, long defaultValue) {
    return of(name, Long.class, Types.whole(), defaultValue);
  }

  /** A decimal number, kept exactly, of at most 1,000 digits on each side of the point. */
  public static Setting<BigDecimal> ofDecimal(String name, BigDecimal defaultValue) {
    return of(name, BigDecimal.class, Types.decimal(), defaultValue);
  }

  /** A text of at most 10,000 characters, which may be empty. */
  public static Setting<String> ofText(String name, String defaultValue) {
    Args.bounded(defaultValue, 10_000, "defaultValue");
    return of(name, String.class, Types.text(), defaultValue);
  }

  /** A duration. */
  public static Setting<Duration> ofDuration(String name, Duration defaultValue) {
    return of(name, Duration.class, Types.duration(), defaultValue);
  }

  /** A constant of an enum, stored by its name. */
  public static <E extends Enum<E>> Setting<E> ofEnum(String name, E defaultValue) {
    Class<E> type = Args.notNull(defaultValue, "defaultValue").getDeclaringClass();
    return of(name, type, Types.constant(type), defaultValue);
  }

  /** A list of texts, each of at most 10,000 characters. */
  public static Setting<List<String>> ofTexts(String name, List<String> defaultValue) {
    Args.notNull(defaultValue, "defaultValue");
    for (String each : defaultValue) {
      Args.bounded(each, 10_000, "defaultValue");
    }
    return of(name, List.class, Types.texts(), List.copyOf(defaultValue));
  }

  /** A JSON object as it is. */
  public static Setting<Json> ofJson(String name, Json defaultValue) {
    Args.notNull(defaultValue, "defaultValue").requireObject("defaultValue");
    return of(name, Json.class, Types.json(), defaultValue);
  }

  /** A JSON object as an object of a class, such as a record, through the Plinth's JsonCodec. */
  public static <T> Setting<T> ofObject(String name, Class<T> type, T defaultValue) {
    return of(name, type, Types.object(Args.notNull(type, "type")), defaultValue);
  }

  /**
   * A value of a type of the host's own.
   *
   * @param valueClass its class, by which Plinth notices that a name is used for two types
   */
  public static <T> Setting<T> of(
      String name, Class<?> valueClass, SettingType<T> type, T defaultValue) {
    Args.matching(
        name,
        NAME,
        "a lower-case letter, then at most 99 lower-case letters, digits and characters . _ -",
        "name");
    return new Setting<>(
        name,
        Args.notNull(valueClass, "valueClass"),
        Args.notNull(type, "type"),
        Args.notNull(defaultValue, "defaultValue"),
        null,
        false);
  }

  /**
   * The same, with a condition that every value must meet. A stored value that does not counts as
   * the default.
   *
   * @param expected completes the sentence that begins with {@code value}, such as {@code must be
   *     between 1 and 10}
   * @throws IllegalArgumentException when the default does not meet it
   */
  public Setting<T> check(Predicate<T> holds, String expected) {
    Args.notNull(holds, "holds");
    Args.text(expected, 1000, "expected");
    @Nullable Check<T> before = check;
    Predicate<T> all = before == null ? holds : before.holds().and(holds);
    String text = before == null ? expected : before.expected() + " and " + expected;
    Setting<T> checked =
        new Setting<>(name, valueClass, type, defaultValue, new Check<>(all, text), sensitive);
    checked.requireValid(defaultValue);
    return checked;
  }

  /**
   * The same, marked as a secret, for hosts that make settings from descriptions of their own:
   * every use of it is refused, because the table of settings is read by many and encrypted for
   * nobody. Secrets belong in the vault.
   */
  public Setting<T> sensitive() {
    return new Setting<>(name, valueClass, type, defaultValue, check, true);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** The class of its values. */
  public Class<?> valueClass() {
    return valueClass;
  }

  /** How its values stand in the database. */
  public SettingType<T> type() {
    return type;
  }

  /** What it is unless set. */
  public T defaultValue() {
    return defaultValue;
  }

  /** Whether it is marked as a secret. */
  public boolean isSensitive() {
    return sensitive;
  }

  /**
   * The value, if it meets the condition.
   *
   * @throws IllegalArgumentException when it does not, or is null
   */
  public T requireValid(T value) {
    Args.notNull(value, "value");
    if (check != null && !check.holds().test(value)) {
      throw new IllegalArgumentException("value of " + name + " " + check.expected());
    }
    return value;
  }

  @Override
  public String toString() {
    return name;
  }
}

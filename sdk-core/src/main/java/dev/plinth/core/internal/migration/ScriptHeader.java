package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.Migration.Compatibility;
import dev.plinth.core.migration.MigrationException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a script says about itself in comments of the form {@code -- plinth:key value}.
 *
 * @param validations queries that return one text row for each fault
 * @param rights for tables that an application role may not use freely: what it may do
 */
record ScriptHeader(
    Compatibility compatibility,
    boolean undoDestroysData,
    List<String> validations,
    Map<String, String> rights) {
  private static final Pattern LINE =
      Pattern.compile("^--\\s*plinth:(\\w+)\\s+(.*?)\\s*$", Pattern.MULTILINE);
  private static final Pattern GRANT =
      Pattern.compile(
          "(\\w+)\\s+((?:SELECT|INSERT|UPDATE|DELETE|NOTHING)(?:,\\s*\\w+(?:\\s\\(\\w+\\))?)*)");

  static ScriptHeader of(String file, String script) {
    Compatibility compatibility = null;
    Boolean destroys = null;
    List<String> validations = new ArrayList<>();
    Map<String, String> rights = new LinkedHashMap<>();
    Matcher lines = LINE.matcher(script);
    while (lines.find()) {
      String value = lines.group(2);
      switch (lines.group(1)) {
        case "compatibility" ->
            compatibility =
                either(file, value, "expanding", "breaking")
                    ? Compatibility.EXPANDING
                    : Compatibility.BREAKING;
        case "undo" -> destroys = either(file, value, "destroys-data", "keeps-data");
        case "validate" -> validations.add(value);
        case "grant" -> {
          Matcher grant = GRANT.matcher(value);
          require(grant.matches(), file, "plinth:grant must read <table> SELECT, INSERT …");
          rights.put(grant.group(1), grant.group(2));
        }
        default -> throw new MigrationException(file + ": unknown plinth:" + lines.group(1), null);
      }
    }
    return new ScriptHeader(
        required(file, compatibility, "compatibility expanding|breaking"),
        required(file, destroys, "undo destroys-data|keeps-data"),
        List.copyOf(validations),
        rights);
  }

  private static boolean either(String file, String value, String yes, String no) {
    require(value.equals(yes) || value.equals(no), file, "must say " + yes + " or " + no);
    return value.equals(yes);
  }

  private static <T> T required(String file, @Nullable T value, String what) {
    if (value == null) {
      throw new MigrationException(file + ": its header lacks -- plinth:" + what, null);
    }
    return value;
  }

  private static void require(boolean condition, String file, String message) {
    if (!condition) {
      throw new MigrationException(file + ": " + message, null);
    }
  }
}

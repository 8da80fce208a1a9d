package dev.plinth.test;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A JDBC address taken apart, so that it can name other databases on the same server. */
final class ServerAddress {
  private static final Pattern FORM =
      Pattern.compile("jdbc:postgresql:(//[^/?]+)/?([^/?]*)(?:\\?(.*))?");

  private final String authority;
  private final String database;
  private final String parameters;

  private ServerAddress(String authority, String database, String parameters) {
    this.authority = authority;
    this.database = database;
    this.parameters = parameters;
  }

  /**
   * Takes an address apart.
   *
   * @param source what the address is called where a person would correct it
   * @throws IllegalArgumentException when it is not an address of PostgreSQL; the message does not
   *     repeat it, since it may hold a password
   */
  static ServerAddress parse(
      String source, String url, @Nullable String user, @Nullable String password) {
    Matcher matcher = FORM.matcher(url.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          source
              + " must be an address of a PostgreSQL server such as"
              + " jdbc:postgresql://localhost:5432/postgres");
    }
    String given = matcher.group(3) == null ? "" : matcher.group(3);
    String database = matcher.group(2).isEmpty() ? "postgres" : matcher.group(2);
    return new ServerAddress(
        matcher.group(1),
        database,
        given + parameter(given, "user", user) + parameter(given, "password", password));
  }

  private static String parameter(String before, String name, @Nullable String value) {
    if (value == null || value.isEmpty() || before.startsWith(name + "=")) {
      return "";
    }
    return "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** The address of a database on this server, with user and password in it. */
  String url(String name) {
    String query = parameters.startsWith("&") ? parameters.substring(1) : parameters;
    return "jdbc:postgresql:" + authority + "/" + name + (query.isEmpty() ? "" : "?" + query);
  }

  /** The database that was named: the one to be connected to while others are made. */
  String database() {
    return database;
  }

  /** Host and port alone. */
  @Override
  public String toString() {
    return authority.substring(2);
  }
}

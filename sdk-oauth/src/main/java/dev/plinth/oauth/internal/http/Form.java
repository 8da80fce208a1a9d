package dev.plinth.oauth.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.util.Map;
import java.util.stream.Collectors;

/** Encoding as {@code application/x-www-form-urlencoded} (RFC 6749, appendix B). */
final class Form {
  private Form() {}

  static String encode(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> encode(field.getKey()) + "=" + encode(field.getValue()))
        .collect(Collectors.joining("&"));
  }

  static String encode(String text) {
    return URLEncoder.encode(text, UTF_8);
  }
}

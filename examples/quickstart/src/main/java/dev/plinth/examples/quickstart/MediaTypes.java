package dev.plinth.examples.quickstart;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Asks the catalogue, which wants a token, for the media type of an extension; remembers the
 * answers.
 */
final class MediaTypes {
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, String> known = new ConcurrentHashMap<>();
  private final URI catalogue;

  MediaTypes(URI catalogue) {
    this.catalogue = catalogue;
  }

  String of(String path, String token) throws IOException, InterruptedException {
    String extension = extension(path);
    String remembered = known.get(extension);
    if (remembered != null) {
      return remembered;
    }
    HttpRequest request =
        HttpRequest.newBuilder(catalogue.resolve("/media-types/" + extension))
            .header("Authorization", "Bearer " + token)
            .timeout(Duration.ofSeconds(10))
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("The catalogue answered " + answer.statusCode());
    }
    known.put(extension, answer.body());
    return answer.body();
  }

  /**
   * Letters and digits after the last dot of the name, else {@code none}; safe to put into an
   * address.
   */
  private static String extension(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    int dot = name.lastIndexOf('.');
    String end = dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    return end.matches("[a-z0-9]{1,20}") ? end : "none";
  }
}

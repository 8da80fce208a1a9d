package dev.plinth.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.json.Json;
import dev.plinth.test.PlinthTest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest
class OversizeTest {
  private static final int LIMIT = 64 * 1024;
  private static final Action ACTION = Action.of("a").actor(UUID.randomUUID());

  @Test
  void record_exactlyAtTheLimit_isKeptWhole(AuditLog audit) {
    Json whole = text(LIMIT - "{}".length());

    AuditEntry entry = audit.find(audit.record(ACTION.after(whole))).orElseThrow();

    assertThat(entry.action().after()).isEqualTo(whole);
    assertThat(entry.isCut()).isFalse();
  }

  @Test
  void record_oneByteBeyond_keepsLengthAndHash(AuditLog audit) throws Exception {
    Json before = Json.of("{\"small\": true}");
    Json whole = text(LIMIT - "{}".length() - before.text().length() + 1);

    AuditEntry entry = audit.find(audit.record(ACTION.before(before).after(whole))).orElseThrow();

    assertThat(entry.isCut()).isTrue();
    assertThat(entry.action().before()).isEqualTo(before);
    assertThat(members(entry.action().after())).isEqualTo(marker(whole));
  }

  @Test
  void record_everyDocumentTooLarge_cutsTheLargestUntilItFits(AuditLog audit) throws Exception {
    // Two bytes in UTF-8 for each character: what counts are bytes.
    Json before = Json.of("\"" + "é".repeat(40_000) + "\"");
    Json after = text(70_000);
    Json metadata = Json.object(Map.of("k", "x".repeat(60_000)));

    AuditEntry entry =
        audit
            .find(audit.record(ACTION.before(before).after(after).metadata(metadata)))
            .orElseThrow();

    assertThat(members(entry.action().before())).isEqualTo(marker(before));
    assertThat(members(entry.action().after())).isEqualTo(marker(after));
    assertThat(entry.action().metadata().text()).hasSizeGreaterThan(60_000);
    assertThat(entry.isCut()).isTrue();
  }

  @Test
  void record_numbersThatJsonbWritesOut_areReadAgain(AuditLog audit) {
    UUID id = audit.record(ACTION.after(Json.of("[1e5000, 1.5E-4000]")));

    assertThat(audit.find(id).orElseThrow().action().after()).isNotNull();
  }

  private static Json text(int bytes) {
    return Json.of("\"" + "x".repeat(bytes - 2) + "\"");
  }

  private static Map<String, Object> marker(Json whole) throws Exception {
    byte[] bytes = whole.text().getBytes(StandardCharsets.UTF_8);
    String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    return Map.of("bytes", String.valueOf(bytes.length), "sha256", hash);
  }

  private static Map<String, Object> members(Json document) {
    java.util.regex.Matcher cut =
        java.util.regex.Pattern.compile(
                "\\{\"cut\": \\{\"bytes\": (\\d+), \"sha256\": \"([0-9a-f]+)\"}}")
            .matcher(document.text());
    assertThat(cut.matches()).as(document.text()).isTrue();
    return Map.of("bytes", cut.group(1), "sha256", cut.group(2));
  }
}

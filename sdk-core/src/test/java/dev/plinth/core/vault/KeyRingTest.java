package dev.plinth.core.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.test.ForkedJvm;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyRingTest {
  private static final byte[] A = bytes(1);
  private static final byte[] B = bytes(2);
  private static final SecretKey DATA_KEY = new SecretKeySpec(bytes(3), "AES");

  @Test
  void wrap_unwrap_givesTheKeyBack() {
    KeyRing ring = KeyRing.of("new", A).and("old", B);

    assertThat(ring.currentKeyId()).isEqualTo("new");
    assertThat(ring.keyIds()).containsExactlyInAnyOrder("new", "old");
    for (String id : ring.keyIds()) {
      assertThat(ring.unwrap(id, ring.wrap(id, DATA_KEY))).contains(DATA_KEY);
    }
    assertThat(ring.wrap("new", DATA_KEY)).isNotEqualTo(ring.wrap("new", DATA_KEY));
  }

  @Test
  void unwrap_unknownId_isEmpty() {
    KeyRing ring = KeyRing.of("a", A);

    assertThat(ring.unwrap("b", ring.wrap("a", DATA_KEY))).isEmpty();
  }

  @Test
  void wrap_unknownId_isRefused() {
    assertThatThrownBy(() -> KeyRing.of("a", A).wrap("b", DATA_KEY))
        .isInstanceOf(UnknownKeyException.class)
        .hasMessageContaining("no key \"b\"");
  }

  @Test
  void unwrap_otherBytesUnderTheSameId_saysWhatToDo() {
    byte[] wrapped = KeyRing.of("a", A).wrap("a", DATA_KEY);

    assertThatThrownBy(() -> KeyRing.of("a", B).unwrap("a", wrapped))
        .isInstanceOf(TamperedException.class)
        .hasMessageContaining("its bytes differ from before")
        .hasMessageContaining("Give back the key that had this id");
  }

  @Test
  void unwrap_everyByteChangedOrCut_isTampered() {
    KeyRing ring = KeyRing.of("a", A);
    byte[] wrapped = ring.wrap("a", DATA_KEY);

    for (int i = 0; i < wrapped.length; i++) {
      byte[] changed = wrapped.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> ring.unwrap("a", changed)).isInstanceOf(TamperedException.class);
      byte[] cut = Arrays.copyOf(wrapped, i);
      assertThatThrownBy(() -> ring.unwrap("a", cut)).isInstanceOf(TamperedException.class);
    }
  }

  @Test
  void unwrap_underAnotherIdOfTheSameKey_isTampered() {
    KeyRing ring = KeyRing.of("a", A).and("b", A);

    assertThatThrownBy(() -> ring.unwrap("b", ring.wrap("a", DATA_KEY)))
        .isInstanceOf(TamperedException.class);
  }

  @Test
  void of_keyIsCopied() {
    byte[] key = A.clone();
    KeyRing ring = KeyRing.of("a", key);
    byte[] wrapped = ring.wrap("a", DATA_KEY);
    Arrays.fill(key, (byte) 0);

    assertThat(ring.unwrap("a", wrapped)).contains(DATA_KEY);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 16, 24, 31, 33, 64})
  void of_keyOfAnotherLength_isRefused(int length) {
    assertThatThrownBy(() -> KeyRing.of("a", new byte[length]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("key must have 32 bytes, but has " + length + ": openssl rand -base64 32");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a:b", "a,b", "ä", "a b"})
  void of_malformedId_isRefused(String id) {
    assertThatThrownBy(() -> KeyRing.of(id, A))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("id must be 1 to 100 letters, digits, or any of . _ -");
  }

  @Test
  void and_idTwice_isRefused() {
    assertThatThrownBy(() -> KeyRing.of("a", A).and("a", B))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("id must differ from those in the ring, but is \"a\"");
  }

  @Test
  void parse_severalKeys_firstIsCurrent() {
    KeyRing ring = KeyRing.parse("2026-11:" + base64(A) + ", 2025-11:" + base64(B), "test");

    assertThat(ring.currentKeyId()).isEqualTo("2026-11");
    assertThat(ring.unwrap("2025-11", KeyRing.of("2025-11", B).wrap("2025-11", DATA_KEY)))
        .contains(DATA_KEY);
  }

  @Test
  void parse_malformed_namesTheEntryAndNeverTheKey() {
    String secret = base64(A);

    assertThatThrownBy(() -> KeyRing.parse("a:" + secret + ",b:%" + secret, "PLINTH_KEYS"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("PLINTH_KEYS: entry 2: the key must be in Base64 (RFC 4648)")
        .hasNoCause();
    assertThatThrownBy(() -> KeyRing.parse(secret, "PLINTH_KEYS"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("PLINTH_KEYS: entry 1 must be of the form id:base64");
    assertThatThrownBy(() -> KeyRing.parse(secret + ":a", "PLINTH_KEYS"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining(secret);
    assertThatThrownBy(() -> KeyRing.parse(" , ", "PLINTH_KEYS"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("PLINTH_KEYS must hold at least one key as id:base64");
  }

  @Test
  void fromEnvironment_notSet_isRefused() {
    assertThatThrownBy(() -> KeyRing.fromEnvironment("PLINTH_KEYS_THAT_NOBODY_SETS"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The environment variable PLINTH_KEYS_THAT_NOBODY_SETS must hold keys as"
                + " id:base64,id:base64");
  }

  @Test
  void fromEnvironment_severalKeys_areReadAndTheFirstIsCurrent() {
    String malformed = "a:%" + base64(A);
    try (ForkedJvm jvm =
        ForkedJvm.start(
            Wrapper.class,
            List.of(),
            Map.of("KEYS", "new:" + base64(A) + ",old:" + base64(B), "MALFORMED", malformed))) {
      assertThat(jvm.await("MALFORMED"))
          .isEqualTo(
              "The environment variable MALFORMED: entry 1: the key must be in Base64 (RFC 4648)");
      assertThat(jvm.await("KeyRing")).isEqualTo("KeyRing[current=new, ids=[new, old]]");
      KeyRing same = KeyRing.of("new", A).and("old", B);
      for (String id : List.of("new", "old")) {
        String wrapped = jvm.await(id + " ").substring(4);
        assertThat(same.unwrap(id, Base64.getDecoder().decode(wrapped))).contains(DATA_KEY);
      }
    }
  }

  /** Wraps with the keys that its environment holds. */
  private static final class Wrapper {
    public static void main(String[] args) {
      try {
        KeyRing.fromEnvironment("MALFORMED");
      } catch (IllegalArgumentException e) {
        ForkedJvm.report(e.getMessage());
      }
      KeyRing ring = KeyRing.fromEnvironment("KEYS");
      ForkedJvm.report(
          "KeyRing[current=" + ring.currentKeyId() + ", ids=" + new TreeSet<>(ring.keyIds()) + "]");
      for (String id : new TreeSet<>(ring.keyIds())) {
        ForkedJvm.report(id + " " + base64(ring.wrap(id, DATA_KEY)));
      }
    }
  }

  @Test
  void fromFile_commentsAndLines_areRead(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("keys");
    Files.writeString(file, "# ours\na:" + base64(A) + "\n  # theirs\nb:" + base64(B) + "\n");

    assertThat(KeyRing.fromFile(file).keyIds()).containsExactlyInAnyOrder("a", "b");
    assertThatThrownBy(() -> KeyRing.fromFile(folder.resolve("none")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void toString_showsIdsAndNoKey() {
    assertThat(KeyRing.of("a", A)).hasToString("KeyRing[current=a, ids=[a]]");
  }

  private static String base64(byte[] key) {
    return Base64.getEncoder().encodeToString(key);
  }

  private static byte[] bytes(int fill) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) fill);
    return key;
  }
}

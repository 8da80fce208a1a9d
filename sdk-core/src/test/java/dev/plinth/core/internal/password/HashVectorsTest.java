package dev.plinth.core.internal.password;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.password.PasswordHash;
import dev.plinth.core.password.PasswordOptions;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hashes that others have published verify here, and ours are of the same form. */
class HashVectorsTest {
  private final Hashing hashing =
      new Hashing(
          PasswordOptions.defaults().withCost(64, 1, 1).withConcurrency(2, Duration.ofMinutes(5)));

  /** From the test program of the reference implementation of Argon2. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ' ',
      value = {
        "password $argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "password $argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "password $argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg",
        "differentpassword $argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94",
      })
  void argon2id_referenceVectors_verify(String password, String stored) {
    assertThat(hashing.matches(stored, password)).isTrue();
    assertThat(hashing.matches(stored, password + "x")).isFalse();
  }

  /** From the test vectors of crypt_blowfish and of OpenBSD's implementation. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      delimiter = ' ',
      value = {
        "U*U $2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "U*U* $2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
        "U*U*U $2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
        "abc $2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
        "abcdefghijklmnopqrstuvwxyz $2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
      })
  void bcrypt_publishedVectors_verifyUnderEachOfTheirNames(String password, String stored) {
    for (String name : new String[] {"$2a$", "$2b$", "$2y$"}) {
      assertThat(hashing.matches(name + stored.substring(4), password)).isTrue();
      assertThat(hashing.matches(name + stored.substring(4), password + "x")).isFalse();
    }
  }

  @Test
  void bcrypt_longerThanItReads_matchesByItsFirst72Bytes() {
    String stored =
        org.bouncycastle.crypto.generators.OpenBSDBCrypt.generate(
            "2b", "x".repeat(72).getBytes(UTF_8), new byte[16], 4);

    assertThat(hashing.matches(stored, "x".repeat(100))).isTrue();
    assertThat(hashing.matches(stored, "x".repeat(71))).isFalse();
  }

  @Test
  void bcrypt_typedInTheOtherFormOfUnicode_matchesInThatFormAndInNfc() {
    String composed = "caf\u00e9-au-lait";
    String decomposed = "cafe\u0301-au-lait";
    String storedComposed = bcrypt(composed);
    String storedDecomposed = bcrypt(decomposed);

    assertThat(hashing.matches(storedComposed, composed)).isTrue();
    assertThat(hashing.matches(storedComposed, decomposed)).isTrue();
    assertThat(hashing.matches(storedDecomposed, decomposed)).isTrue();
  }

  @Test
  void argon2id_formsOfUnicode_areTheSamePassword() {
    PasswordHash hash = hashing.hash("caf\u00e9-au-lait");

    assertThat(hashing.matches(hash.reveal(), "cafe\u0301-au-lait")).isTrue();
    assertThat(hashing.matches(hash.reveal(), "cafe-au-lait")).isFalse();
  }

  @Test
  void hash_samePasswordTwice_differsAndHasTheAskedCost() {
    PasswordHash one = hashing.hash("correct horse");
    PasswordHash two = hashing.hash("correct horse");

    assertThat(one.reveal()).startsWith("$argon2id$v=19$m=64,t=1,p=1$").isNotEqualTo(two.reveal());
    assertThat(hashing.needsRehash(one)).isFalse();
    assertThat(new Hashing(PasswordOptions.defaults()).needsRehash(one)).isTrue();
    assertThat(hashing.needsRehash(new Hashing(PasswordOptions.defaults()).hash("correct horse")))
        .isFalse();
    assertThat(hashing.needsRehash(PasswordHash.of(bcrypt("correct horse")))).isTrue();
  }

  @Test
  void defaults_areThoseOfOwasp() {
    assertThat(new Hashing(PasswordOptions.defaults()).hash("correct horse").reveal())
        .matches("\\$argon2id\\$v=19\\$m=19456,t=2,p=1\\$[A-Za-z0-9+/]{22}\\$[A-Za-z0-9+/]{43}");
  }

  @Test
  void unreadableOrMissingHash_matchesNothing() {
    for (String stored :
        new String[] {
          null,
          "",
          "plain",
          "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
          "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
        }) {
      assertThat(hashing.matches(stored, "plain")).isFalse();
    }
  }

  @Test
  void storedHashThatAsksForTooMuch_isRefusedNotComputed() {
    String greedy =
        "$argon2id$v=19$m=999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    assertThatThrownBy(() -> hashing.matches(greedy, "password"))
        .hasMessageContaining("unreasonable");
  }

  private static String bcrypt(String password) {
    byte[] salt = new byte[16];
    new SecureRandom().nextBytes(salt);
    return org.bouncycastle.crypto.generators.OpenBSDBCrypt.generate(
        "2b", password.getBytes(UTF_8), salt, 4);
  }
}

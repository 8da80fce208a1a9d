package dev.plinth.core.internal.vault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.vault.KeyRing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/**
 * Random cases against GCM written down once more from NIST SP 800-38D, slowly and on top of AES
 * alone, so that a mistake in how the Java runtime's GCM is called cannot hide.
 */
class ReferenceGcmTest {
  private static final int CASES =
      "large".equals(System.getProperty("plinth.proofs")) ? 20_000 : 300;

  @Test
  void seal_randomCases_agreesWithTheStandardWrittenDownAnew() throws Exception {
    Random random = new Random(42);
    for (int i = 0; i < CASES; i++) {
      byte[] key = bytes(random, 32);
      byte[] nonce = bytes(random, 12);
      byte[] associated = bytes(random, random.nextInt(70));
      byte[] plain = bytes(random, random.nextInt(200));
      SecretKey secret = new SecretKeySpec(key, "AES");

      byte[] sealed = AesGcm.seal(secret, nonce, associated, plain);

      assertThat(sealed).isEqualTo(reference(secret, nonce, associated, plain));
    }
  }

  @Test
  void wrap_ofAKeyRing_isGcmOfTheDataKeyBoundToTheId() throws Exception {
    Random random = new Random(43);
    for (int i = 0; i < CASES / 10; i++) {
      byte[] key = bytes(random, 32);
      byte[] dataKey = bytes(random, 32);

      byte[] wrapped =
          KeyRing.of("2026-11", key).wrap("2026-11", new SecretKeySpec(dataKey, "AES"));

      assertThat(wrapped[0]).isEqualTo((byte) 1);
      assertThat(Arrays.copyOfRange(wrapped, 13, wrapped.length))
          .isEqualTo(
              reference(
                  new SecretKeySpec(key, "AES"),
                  Arrays.copyOfRange(wrapped, 1, 13),
                  "plinth data key|2026-11".getBytes(StandardCharsets.UTF_8),
                  dataKey));
    }
  }

  /** Algorithm 4 of SP 800-38D for nonces of 96 bits: ciphertext and tag. */
  private static byte[] reference(SecretKey key, byte[] nonce, byte[] associated, byte[] plain)
      throws Exception {
    Cipher aes = Cipher.getInstance("AES/ECB/NoPadding");
    aes.init(Cipher.ENCRYPT_MODE, key);
    byte[] sealed = new byte[plain.length + 16];
    for (int i = 0; i < plain.length; i++) {
      sealed[i] = (byte) (plain[i] ^ aes.doFinal(counter(nonce, 2 + i / 16))[i % 16]);
    }
    int blocks = (associated.length + 15) / 16 + (plain.length + 15) / 16 + 1;
    ByteBuffer hashed = ByteBuffer.allocate(blocks * 16);
    hashed.put(associated).position((associated.length + 15) / 16 * 16);
    hashed.put(sealed, 0, plain.length).position((blocks - 1) * 16);
    hashed.putLong(associated.length * 8L).putLong(plain.length * 8L);
    byte[] tag = hash(aes.doFinal(new byte[16]), hashed.array());
    byte[] mask = aes.doFinal(counter(nonce, 1));
    for (int i = 0; i < 16; i++) {
      sealed[plain.length + i] = (byte) (tag[i] ^ mask[i]);
    }
    return sealed;
  }

  private static byte[] counter(byte[] nonce, int count) {
    return ByteBuffer.allocate(16).put(nonce).putInt(count).array();
  }

  /** GHASH, section 6.4. */
  private static byte[] hash(byte[] subkey, byte[] blocks) {
    byte[] hash = new byte[16];
    for (int at = 0; at < blocks.length; at += 16) {
      for (int i = 0; i < 16; i++) {
        hash[i] ^= blocks[at + i];
      }
      hash = product(hash, subkey);
    }
    return hash;
  }

  /** The product in GF(2^128), section 6.3, bit by bit. */
  private static byte[] product(byte[] x, byte[] y) {
    byte[] z = new byte[16];
    byte[] v = y.clone();
    for (int bit = 0; bit < 128; bit++) {
      if ((x[bit / 8] >> (7 - bit % 8) & 1) == 1) {
        for (int i = 0; i < 16; i++) {
          z[i] ^= v[i];
        }
      }
      boolean last = (v[15] & 1) == 1;
      for (int i = 15; i >= 0; i--) {
        int carried = i == 0 ? 0 : (v[i - 1] & 1) << 7;
        v[i] = (byte) ((v[i] & 0xff) >> 1 | carried);
      }
      if (last) {
        v[0] ^= (byte) 0xe1;
      }
    }
    return z;
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}

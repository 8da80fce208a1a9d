package dev.plinth.core.internal.vault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Test cases 13 to 16 (keys of 256 bits, nonces of 96) of McGrew and Viega, "The Galois/Counter
 * Mode of Operation (GCM)", appendix B, as submitted to NIST and standardised in SP 800-38D; and
 * cases of NIST's CAVP, {@code gcmEncryptExtIV256.rsp}, with tags of 128 bits.
 */
class AesGcmTest {
  private static final HexFormat HEX = HexFormat.of();

  @ParameterizedTest
  @CsvSource({
    "0000000000000000000000000000000000000000000000000000000000000000,"
        + "000000000000000000000000,'','','',"
        + "530f8afbc74536b9a963b4f1c4cb738b",
    "0000000000000000000000000000000000000000000000000000000000000000,"
        + "000000000000000000000000,'',00000000000000000000000000000000,"
        + "cea7403d4d606b6e074ec5d3baf39d18,"
        + "d0d1c8a799996bf0265b98b5d48ab919",
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308,"
        + "cafebabefacedbaddecaf888,'',"
        + "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255,"
        + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad,"
        + "b094dac5d93471bdec1a502270e3cc6c",
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308,"
        + "cafebabefacedbaddecaf888,feedfacedeadbeeffeedfacedeadbeefabaddad2,"
        + "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39,"
        + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662,"
        + "76fc6ece0f4e1768cddf8853bb2d551b",
    "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4,"
        + "516c33929df5a3284ff463d7,'','','',"
        + "bdc1ac884d332457a1d2664f168c76f0",
    "5fe0861cdc2690ce69b3658c7f26f8458eec1c9243c5ba0845305d897e96ca0f,"
        + "770ac1a5a3d476d5d96944a1,'','','',"
        + "196d691e1047093ca4b3d2ef4baba216",
    "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22,"
        + "0d18e06c7c725ac9e362e1ce,'',2db5168e932556f8089a0622981d017d,"
        + "fa4362189661d163fcd6a56d8bf0405a,"
        + "d636ac1bbedd5cc3ee727dc2ab4a9489",
    "92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b,"
        + "ac93a1a6145299bde902f21a,1e0889016f67601c8ebea4943bc23ad6,"
        + "2d71bcfa914e4ac045b2aa60955fad24,"
        + "8995ae2e6df3dbf96fac7b7137bae67f,"
        + "eca5aa77d51d4a0a14d9c51e1da474ab"
  })
  void publishedVectors_sealed_areMetAndOpenAgain(
      String key, String nonce, String associated, String plain, String cipher, String tag) {
    SecretKeySpec secret = new SecretKeySpec(HEX.parseHex(key), "AES");

    byte[] sealed =
        AesGcm.seal(secret, HEX.parseHex(nonce), HEX.parseHex(associated), HEX.parseHex(plain));

    assertThat(HEX.formatHex(sealed)).isEqualTo(cipher + tag);
    assertThat(AesGcm.open(secret, HEX.parseHex(nonce), HEX.parseHex(associated), sealed, 0))
        .hasValueSatisfying(opened -> assertThat(HEX.formatHex(opened)).isEqualTo(plain));
    for (int bit = 0; bit < sealed.length * 8; bit++) {
      byte[] changed = sealed.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(AesGcm.open(secret, HEX.parseHex(nonce), HEX.parseHex(associated), changed, 0))
          .as("bit %s changed", bit)
          .isEmpty();
    }
    byte[] other = HEX.parseHex(associated + "00");
    assertThat(AesGcm.open(secret, HEX.parseHex(nonce), other, sealed, 0)).isEmpty();
  }
}

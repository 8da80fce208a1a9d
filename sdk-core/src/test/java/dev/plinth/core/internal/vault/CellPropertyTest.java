package dev.plinth.core.internal.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.TamperedException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** A value belongs to one cell, however the names of cells are chosen. */
class CellPropertyTest {
  private static final DataKey KEY =
      new DataKey(UUID.randomUUID(), new SecretKeySpec(new byte[32], "AES"));

  @Property(tries = 2_000)
  void open_inAnotherCell_isTampered(@ForAll("cells") Cell one, @ForAll("cells") Cell other) {
    byte[] sealed = Envelope.seal(KEY, new byte[12], one, new byte[] {1, 2, 3});

    if (one.equals(other)) {
      assertThat(Envelope.parse(other, sealed).open(KEY, other)).containsExactly(1, 2, 3);
    } else {
      assertThatThrownBy(() -> Envelope.parse(other, sealed).open(KEY, other))
          .isInstanceOf(TamperedException.class);
    }
  }

  @Property(tries = 2_000)
  void row_ofTwoDifferentKeysOfAsManyColumns_differs(
      @ForAll("keys") List<String> one, @ForAll("keys") List<String> other) {
    assertThat(row(one).equals(row(other))).isEqualTo(one.equals(other));
  }

  @Test
  void nonces_ofManyValues_neverRepeat() {
    Sealing sealing = sealing();
    Set<String> nonces = new HashSet<>();
    Cell cell = new Cell("t", "c", "r");
    for (int i = 0; i < 20_000; i++) {
      byte[] sealed = sealing.seal(KEY, cell, new byte[0]);
      assertThat(nonces.add(Arrays.toString(Arrays.copyOfRange(sealed, 17, 29)))).isTrue();
    }
  }

  @Property(tries = 300)
  void open_anyByteChanged_isTampered(@ForAll("cells") Cell cell, @ForAll long seed) {
    Random random = new Random(seed);
    byte[] plain = new byte[random.nextInt(100)];
    random.nextBytes(plain);
    byte[] sealed = Envelope.seal(KEY, new byte[12], cell, plain);
    int at = random.nextInt(sealed.length);
    sealed[at] ^= (byte) (1 + random.nextInt(255));

    assertThatThrownBy(() -> Envelope.parse(cell, sealed).open(KEY, cell))
        .as("byte %s", at)
        .isInstanceOf(TamperedException.class);
  }

  /** Few letters, so that shifting a character across a border is likely. */
  @Provide
  Arbitrary<Cell> cells() {
    Arbitrary<String> name = Arbitraries.strings().withChars("ab.").ofMinLength(1).ofMaxLength(3);
    Arbitrary<String> row = Arbitraries.strings().withChars("ab.|\\").ofMinLength(1).ofMaxLength(4);
    return Combinators.combine(name, name, row).as(Cell::new);
  }

  @Provide
  Arbitrary<List<String>> keys() {
    return Arbitraries.strings().withChars("a|\\").ofMaxLength(3).list().ofSize(2);
  }

  /** Sealing alone needs no keys of a database. */
  @SuppressWarnings("NullAway")
  private static Sealing sealing() {
    return new Sealing(null);
  }

  private static String row(List<String> key) {
    return Cell.of("t", "c", key.toArray(String[]::new)).row();
  }
}

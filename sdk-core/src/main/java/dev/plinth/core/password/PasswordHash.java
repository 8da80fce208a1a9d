package dev.plinth.core.password;

import dev.plinth.core.spi.Args;
import java.util.regex.Pattern;

/**
 * A password's hash in the form in which it is stored. Its {@code toString} hides it, since whoever
 * has it can guess at leisure. Immutable.
 */
public final class PasswordHash {
  private static final Pattern ARGON2ID =
      Pattern.compile(
          "\\$argon2id\\$v=19\\$m=\\d{1,6},t=\\d{1,2},p=\\d{1,2}"
              + "\\$[A-Za-z0-9+/]{11,86}\\$[A-Za-z0-9+/]{16,86}");
  private static final Pattern BCRYPT =
      Pattern.compile("\\$2[aby]\\$(?:0[4-9]|1\\d|20)\\$[./A-Za-z0-9]{53}");

  private final String text;

  private PasswordHash(String text) {
    this.text = text;
  }

  /**
   * A hash made elsewhere, to be taken over: Argon2id in PHC form, version 19, or bcrypt {@code
   * $2a$}, {@code $2b$} or {@code $2y$} of cost 4 to 20.
   */
  public static PasswordHash of(String text) {
    Args.notNull(text, "text");
    Args.check(
        isReadable(text),
        "text must be an Argon2id hash ($argon2id$v=19$…) or a bcrypt hash ($2a$, $2b$ or $2y$) of"
            + " cost 4 to 20");
    return new PasswordHash(text);
  }

  /** True when {@link #of} would take it. */
  public static boolean isReadable(String text) {
    String given = Args.bounded(text, 100_000, "text");
    return given.length() <= 255
        && (ARGON2ID.matcher(given).matches() || BCRYPT.matcher(given).matches());
  }

  /** True for the bcrypt hashes of older systems. */
  public boolean isBcrypt() {
    return text.startsWith("$2");
  }

  /** The hash as it is stored. */
  public String reveal() {
    return text;
  }

  @Override
  public String toString() {
    return isBcrypt() ? "PasswordHash[bcrypt]" : "PasswordHash[argon2id]";
  }
}

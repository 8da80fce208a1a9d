package dev.plinth.core.read;

import dev.plinth.core.spi.Args;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in the write-ahead log of one PostgreSQL cluster, at or after a commit: the token by
 * which a read finds its own writes on a replica. Immutable.
 *
 * <p>{@link #toString()} gives at most {@value #MAX_LENGTH} ASCII characters that may stand in an
 * HTTP header, a cookie or a URL as they are, and {@link #parse} takes them back. The text is
 * opaque: its form may change. It is no secret, and it is not signed: whoever makes one up gains
 * nothing but a read that waits as long as its {@link WhenBehind} says and then goes to the primary
 * or fails.
 */
public final class LogPosition {
  private static final int MAX_LENGTH = 60;
  private static final Pattern TEXT =
      Pattern.compile("w1\\.(0|[1-9][0-9]{0,19})\\.([0-9A-F]{8})\\.([0-9A-F]{16})");

  private final String system;
  private final long timeline;
  private final long position;

  private LogPosition(String system, long timeline, long position) {
    this.system = system;
    this.timeline = timeline;
    this.position = position;
  }

  /**
   * The position that {@link #toString()} wrote, on this node or another.
   *
   * @throws IllegalArgumentException when it is anything else; the message does not repeat it
   */
  public static LogPosition parse(String text) {
    Args.bounded(text, MAX_LENGTH, "text");
    Matcher matcher = TEXT.matcher(text);
    Args.check(matcher.matches(), "text must be what LogPosition.toString() gave");
    return new LogPosition(
        matcher.group(1),
        Long.parseLong(matcher.group(2), 16),
        Long.parseUnsignedLong(matcher.group(3), 16));
  }

  /**
   * The position that PostgreSQL reports; for environments that learn of it in their own way.
   *
   * @param system {@code system_identifier} of {@code pg_control_system()}, in decimal
   * @param timeline the timeline it is on, from 1
   * @param lsn the position as PostgreSQL writes it, such as {@code 16/B374D848}
   */
  public static LogPosition of(String system, long timeline, String lsn) {
    Args.notNull(lsn, "lsn");
    Args.matching(system, Pattern.compile("0|[1-9][0-9]{0,19}"), "a decimal number", "system");
    Args.range(timeline, 1, 0xFFFFFFFFL, "timeline");
    Args.matching(
        lsn, Pattern.compile("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}"), "like 16/B374D848", "lsn");
    int slash = lsn.indexOf('/');
    return new LogPosition(
        system,
        timeline,
        Long.parseLong(lsn.substring(0, slash), 16) << 32
            | Long.parseLong(lsn.substring(slash + 1), 16));
  }

  /**
   * The one that implies the other, for a client that has written several times. Positions of two
   * clusters, or of two timelines of one, cannot be compared; then it is the other one, which is
   * taken to be the newer.
   */
  public LogPosition orLater(LogPosition other) {
    Args.notNull(other, "other");
    boolean comparable = system.equals(other.system) && timeline == other.timeline;
    return comparable && Long.compareUnsigned(position, other.position) > 0 ? this : other;
  }

  /** The cluster it is of, as {@code pg_control_system()} names it. */
  public String system() {
    return system;
  }

  /** The timeline it is on. */
  public long timeline() {
    return timeline;
  }

  /** As PostgreSQL writes it, such as {@code 16/B374D848}. */
  public String lsn() {
    return Long.toHexString(position >>> 32).toUpperCase(java.util.Locale.ROOT)
        + "/"
        + Long.toHexString(position & 0xFFFFFFFFL).toUpperCase(java.util.Locale.ROOT);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LogPosition that
        && system.equals(that.system)
        && timeline == that.timeline
        && position == that.position;
  }

  @Override
  public int hashCode() {
    return Objects.hash(system, timeline, position);
  }

  /** The token. */
  @Override
  public String toString() {
    return "w1.%s.%08X.%016X".formatted(system, timeline, position);
  }
}

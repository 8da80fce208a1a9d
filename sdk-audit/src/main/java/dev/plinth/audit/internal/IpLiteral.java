package dev.plinth.audit.internal;

import dev.plinth.core.spi.Args;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Recognises addresses that {@code inet} takes, without ever asking a name server. */
public final class IpLiteral {
  private static final String OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  private static final String QUAD = OCTET + "(\\." + OCTET + "){3}";
  private static final Pattern V4 = Pattern.compile(QUAD);

  /** Groups as PostgreSQL wants them; Java would also take longer ones, and zeros before octets. */
  private static final Pattern V6_GROUPS =
      Pattern.compile("(?=.{2,45}$)([0-9a-fA-F]{0,4}:)+([0-9a-fA-F]{0,4}|" + QUAD + ")");

  private IpLiteral() {}

  /** Throws unless the text is an IPv4 or IPv6 address in digits, without zone or prefix. */
  public static void check(String text, String name) {
    Args.check(
        V4.matcher(text).matches() || isV6(text),
        name + " must be an IPv4 or IPv6 address in digits, such as 192.0.2.1 or 2001:db8::1");
  }

  private static boolean isV6(String text) {
    if (!V6_GROUPS.matcher(text).matches()) {
      return false;
    }
    try {
      // With a digit or a colon first and a colon in it, Java parses the text and never resolves
      // it.
      return InetAddress.getByName(text) != null;
    } catch (UnknownHostException notAnAddress) {
      return false;
    }
  }
}

package dev.plinth.audit;

import dev.plinth.audit.internal.IpLiteral;
import dev.plinth.core.spi.Args;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What all actions of one request share: set once, {@code audit.with(context)}, and handed on
 * explicitly. Nothing is bound to a thread. Immutable.
 *
 * @param actor who acts, or null when each action says so itself
 * @param sessionId the audit session, or null
 * @param clientIp the client's address as an IPv4 or IPv6 literal, or null; never looked up
 * @param userAgent the client's program as it names itself, or null; cut after 1,000 characters,
 *     since the client chooses its length
 * @param requestId the host's id of the request, at most 255 characters, or null
 * @param traceId W3C trace id, 32 lower-case hexadecimal digits that are not all zero, or null
 */
public record AuditContext(
    @Nullable Actor actor,
    @Nullable UUID sessionId,
    @Nullable String clientIp,
    @Nullable String userAgent,
    @Nullable String requestId,
    @Nullable String traceId) {
  private static final AuditContext NONE = new AuditContext(null, null, null, null, null, null);
  private static final Pattern TRACE_ID = Pattern.compile("(?!0{32})[0-9a-f]{32}");
  private static final int USER_AGENT_LENGTH = 1000;

  /** Checks the arguments. */
  public AuditContext {
    if (clientIp != null) {
      IpLiteral.check(clientIp, "clientIp");
    }
    if (userAgent != null) {
      userAgent = Args.bounded(cut(userAgent), USER_AGENT_LENGTH, "userAgent");
    }
    if (requestId != null) {
      Args.bounded(requestId, 255, "requestId");
    }
    if (traceId != null) {
      Args.matching(
          traceId,
          TRACE_ID,
          "a W3C trace id: 32 lower-case hexadecimal digits, not all zero",
          "traceId");
    }
  }

  /** A context in which nothing is known. */
  public static AuditContext none() {
    return NONE;
  }

  /** The same with another actor. */
  public AuditContext withActor(Actor actor) {
    return new AuditContext(
        Args.notNull(actor, "actor"), sessionId, clientIp, userAgent, requestId, traceId);
  }

  /** The same in another audit session. */
  public AuditContext withSession(UUID sessionId) {
    return new AuditContext(
        actor, Args.notNull(sessionId, "sessionId"), clientIp, userAgent, requestId, traceId);
  }

  /** The same from another address. */
  public AuditContext withClientIp(String clientIp) {
    return new AuditContext(
        actor, sessionId, Args.notNull(clientIp, "clientIp"), userAgent, requestId, traceId);
  }

  /** The same with another program at the client's end. */
  public AuditContext withUserAgent(String userAgent) {
    return new AuditContext(
        actor, sessionId, clientIp, Args.notNull(userAgent, "userAgent"), requestId, traceId);
  }

  /** The same in another request. */
  public AuditContext withRequestId(String requestId) {
    return new AuditContext(
        actor, sessionId, clientIp, userAgent, Args.notNull(requestId, "requestId"), traceId);
  }

  /** The same in another trace. */
  public AuditContext withTraceId(String traceId) {
    return new AuditContext(
        actor, sessionId, clientIp, userAgent, requestId, Args.notNull(traceId, "traceId"));
  }

  /** This context, with what it leaves open taken from another. */
  public AuditContext orElse(AuditContext other) {
    Args.notNull(other, "other");
    return new AuditContext(
        actor != null ? actor : other.actor,
        sessionId != null ? sessionId : other.sessionId,
        clientIp != null ? clientIp : other.clientIp,
        userAgent != null ? userAgent : other.userAgent,
        requestId != null ? requestId : other.requestId,
        traceId != null ? traceId : other.traceId);
  }

  private static String cut(String text) {
    if (text.length() <= USER_AGENT_LENGTH) {
      return text;
    }
    // Not between the halves of a surrogate pair.
    int end =
        Character.isHighSurrogate(text.charAt(USER_AGENT_LENGTH - 1))
            ? USER_AGENT_LENGTH - 1
            : USER_AGENT_LENGTH;
    return text.substring(0, end);
  }
}

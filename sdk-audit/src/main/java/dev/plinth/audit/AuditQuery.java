package dev.plinth.audit;

import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Conditions that all must hold; null means any. Immutable; start from {@link #all()}.
 *
 * <p>Resource, actor and session are found by index, and a time range leaves out whole months; the
 * other conditions filter what these yield.
 *
 * @param action the action's exact name
 * @param category its category
 * @param outcome how it ended
 * @param atLeast the least severity
 * @param resourceType the kind of thing
 * @param resourceId which one; only with a type
 * @param actorId the user or API key that acted
 * @param sessionId the audit session
 * @param tenant the tenant
 * @param from the earliest time of recording, included, by the clock that minted the ids
 * @param until the end of the time of recording, not included
 */
public record AuditQuery(
    @Nullable String action,
    @Nullable String category,
    @Nullable Outcome outcome,
    @Nullable Severity atLeast,
    @Nullable String resourceType,
    @Nullable String resourceId,
    @Nullable UUID actorId,
    @Nullable UUID sessionId,
    @Nullable String tenant,
    @Nullable Instant from,
    @Nullable Instant until) {
  private static final AuditQuery ALL =
      new AuditQuery(null, null, null, null, null, null, null, null, null, null, null);

  /** Checks the arguments. */
  public AuditQuery {
    Args.check(
        resourceId == null || resourceType != null,
        "resourceType must be given together with resourceId");
    Args.check(from == null || until == null || from.isBefore(until), "from must lie before until");
  }

  /** Every record. */
  public static AuditQuery all() {
    return ALL;
  }

  /** Actions of this name. */
  public AuditQuery action(String action) {
    Args.text(action, 100, "action");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** Actions of this category. */
  public AuditQuery category(String category) {
    Args.text(category, 100, "category");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** Actions that ended so. */
  public AuditQuery outcome(Outcome outcome) {
    Args.notNull(outcome, "outcome");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** Actions of at least this severity. */
  public AuditQuery atLeast(Severity severity) {
    Args.notNull(severity, "severity");
    return new AuditQuery(
        action,
        category,
        outcome,
        severity,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** What happened to this thing. */
  public AuditQuery resource(String type, String id) {
    Args.text(type, 100, "resourceType");
    Args.text(id, 255, "resourceId");
    return new AuditQuery(
        action, category, outcome, atLeast, type, id, actorId, sessionId, tenant, from, until);
  }

  /** What happened to things of this kind. */
  public AuditQuery resourceType(String type) {
    Args.text(type, 100, "resourceType");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        type,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** What this user or API key did. */
  public AuditQuery actor(UUID id) {
    Args.notNull(id, "actorId");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        id,
        sessionId,
        tenant,
        from,
        until);
  }

  /** What happened in this audit session. */
  public AuditQuery session(UUID id) {
    Args.notNull(id, "sessionId");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        id,
        tenant,
        from,
        until);
  }

  /** What belongs to this tenant. */
  public AuditQuery tenant(String tenant) {
    Args.text(tenant, 255, "tenant");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** What was recorded from this time on. */
  public AuditQuery from(Instant from) {
    Args.notNull(from, "from");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }

  /** What was recorded before this time. */
  public AuditQuery until(Instant until) {
    Args.notNull(until, "until");
    return new AuditQuery(
        action,
        category,
        outcome,
        atLeast,
        resourceType,
        resourceId,
        actorId,
        sessionId,
        tenant,
        from,
        until);
  }
}

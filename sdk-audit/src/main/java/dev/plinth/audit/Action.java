package dev.plinth.audit;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What happened, as the host tells it. Immutable; every method that takes a value returns another
 * action.
 *
 * <pre>{@code
 * Action.of("order.created").actor(userId).resource("order", order.id()).after(json.write(order))
 * }</pre>
 *
 * <p>No secret belongs into an action: everything in it is stored in the clear, for years. The
 * documents ({@code before}, {@code after} and {@code metadata}) may take 64 KiB together; beyond
 * that the largest are replaced by <code>{"cut": {"bytes": n, "sha256": "…"}}</code>, the length
 * and the hash of the whole document's text in UTF-8.
 *
 * @param name what happened, such as {@code order.created}; at most 100 characters
 * @param id a UUIDv7 under which a retry is recognised, or null to have one minted when recorded
 * @param category a coarser kind, at most 100 characters, or null
 * @param outcome how it ended; success unless set
 * @param severity how much it matters; info unless set
 * @param resource what it happened to, or null
 * @param before the thing before, or null
 * @param after the thing after, or null
 * @param metadata more about it, a JSON object
 * @param occurredAt when it happened, in microseconds; null for the time of recording
 * @param tenant the tenant it belongs to; null for that of the transaction
 * @param context who did it, from where and in which request
 */
public record Action(
    String name,
    @Nullable UUID id,
    @Nullable String category,
    Outcome outcome,
    Severity severity,
    @Nullable Resource resource,
    @Nullable Json before,
    @Nullable Json after,
    Json metadata,
    @Nullable Instant occurredAt,
    @Nullable String tenant,
    AuditContext context) {
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");

  /** Checks the arguments. */
  public Action {
    Args.text(name, 100, "action");
    if (id != null) {
      UuidV7.instant(id);
    }
    if (category != null) {
      Args.text(category, 100, "category");
    }
    Args.notNull(outcome, "outcome");
    Args.notNull(severity, "severity");
    Args.notNull(metadata, "metadata").requireObject("metadata");
    if (occurredAt != null) {
      Args.check(
          !occurredAt.isBefore(FIRST) && !occurredAt.isAfter(LAST),
          "occurredAt must lie in the years 1 to 9999");
      // What PostgreSQL keeps, so that the record reads as it was written.
      occurredAt = occurredAt.truncatedTo(ChronoUnit.MICROS);
    }
    if (tenant != null) {
      Args.text(tenant, 255, "tenant");
    }
    Args.notNull(context, "context");
  }

  /** An action that succeeded, by an actor yet to be named. */
  public static Action of(String name) {
    return new Action(
        name,
        null,
        null,
        Outcome.SUCCESS,
        Severity.INFO,
        null,
        null,
        null,
        Json.emptyObject(),
        null,
        null,
        AuditContext.none());
  }

  /**
   * Under this id, a UUIDv7 minted once (by {@code plinth.ids()}) and kept by whoever may retry.
   */
  public Action id(UUID id) {
    Args.notNull(id, "id");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** Of this coarser kind. */
  public Action category(String category) {
    Args.notNull(category, "category");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** With this outcome. */
  public Action outcome(Outcome outcome) {
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** Of this weight. */
  public Action severity(Severity severity) {
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** Happened to this thing. */
  public Action resource(Resource resource) {
    Args.notNull(resource, "resource");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** Happened to this thing. */
  public Action resource(String type, String id) {
    return resource(Resource.of(type, id));
  }

  /** Happened to this thing. */
  public Action resource(String type, UUID id) {
    return resource(type, Args.notNull(id, "resourceId").toString());
  }

  /** Happened to this thing. */
  public Action resource(String type, long id) {
    return resource(type, Long.toString(id));
  }

  /** The thing before it happened. */
  public Action before(Json before) {
    Args.notNull(before, "before");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** The thing after it happened. */
  public Action after(Json after) {
    Args.notNull(after, "after");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** With more about it, a JSON object. */
  public Action metadata(Json metadata) {
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** With more about it; values as in {@link Json#object(Map)}. */
  public Action metadata(Map<String, ?> members) {
    return metadata(Json.object(members));
  }

  /** Happened at this time, which is not that of recording. */
  public Action occurredAt(Instant occurredAt) {
    Args.notNull(occurredAt, "occurredAt");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** Belongs to this tenant. */
  public Action tenant(String tenant) {
    Args.notNull(tenant, "tenant");
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** In this context, which replaces what was known of actor, session and request. */
  public Action context(AuditContext context) {
    return new Action(
        name,
        id,
        category,
        outcome,
        severity,
        resource,
        before,
        after,
        metadata,
        occurredAt,
        tenant,
        context);
  }

  /** Done by this actor. */
  public Action actor(Actor actor) {
    return context(context.withActor(actor));
  }

  /** Done by the user with this id. */
  public Action actor(UUID userId) {
    return actor(Actor.user(userId));
  }

  /** Done in this audit session. */
  public Action session(UUID sessionId) {
    return context(context.withSession(sessionId));
  }
}

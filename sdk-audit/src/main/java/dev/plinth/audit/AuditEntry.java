package dev.plinth.audit;

import java.time.Instant;
import java.util.UUID;

/**
 * One record of the trail, as it is stored. JSON documents read as {@code jsonb} holds them: the
 * same values, with members in PostgreSQL's order.
 *
 * @param id its id, a UUIDv7
 * @param action what was recorded; its id, actor, occurred-at and tenant are those stored
 * @param occurredAt when it happened, as the host told
 * @param recordedAt when it was recorded, by the database's clock
 * @param isCut true when a document was too large and only its length and hash were kept
 */
public record AuditEntry(
    UUID id, Action action, Instant occurredAt, Instant recordedAt, boolean isCut) {}

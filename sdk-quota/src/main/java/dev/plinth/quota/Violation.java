package dev.plinth.quota;

import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.UUID;

/**
 * The charges of one user that one limit did not allow in one minute.
 *
 * @param userId who was denied
 * @param limit the limit's name
 * @param minute the minute's beginning, by the database's clock
 * @param denials how many charges were denied in it
 * @param firstAt when the first was
 * @param lastAt when the last was
 * @param details about the last one: {@code used}, {@code held}, {@code cap}, {@code requested}, in
 *     the limit's unit, and {@code resets_at}
 */
public record Violation(
    UUID userId,
    String limit,
    Instant minute,
    long denials,
    Instant firstAt,
    Instant lastAt,
    Json details) {}

package dev.plinth.jobs.node;

import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A heartbeat in a node's history.
 *
 * @param id a UUIDv7
 * @param node the node
 * @param at when it was received
 * @param status what it said about itself, in its own word
 * @param errorMessage what was wrong with it, or null
 * @param configHash hash of the configuration it ran with, or null
 * @param metrics what it measured, or null
 */
public record NodeBeat(
    UUID id,
    NodeId node,
    Instant at,
    String status,
    @Nullable String errorMessage,
    @Nullable String configHash,
    @Nullable Json metrics) {}

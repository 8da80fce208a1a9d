package dev.plinth.jobs.node;

import java.time.Instant;
import java.util.UUID;

/**
 * A configuration of a node.
 *
 * @param id a UUIDv7
 * @param node the node
 * @param config the text, in whatever form the node reads
 * @param hash its SHA-256 in lower-case hex; a node that runs with it says so in its heartbeats
 * @param isActive whether it is the one in force
 * @param createdAt when it was put in force
 */
public record NodeConfiguration(
    UUID id, NodeId node, String config, String hash, boolean isActive, Instant createdAt) {}

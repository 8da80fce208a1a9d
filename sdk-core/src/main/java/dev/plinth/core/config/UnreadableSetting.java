package dev.plinth.core.config;

/**
 * A setting whose stored value cannot be used by this node, so that its default is in force.
 *
 * @param name the setting
 * @param version the version of what is stored
 * @param problem what is wrong with it
 */
public record UnreadableSetting(String name, long version, String problem) {}

package dev.plinth.benchmarks;

/**
 * What a system is given for one turn.
 *
 * @param url the JDBC address of its empty database, with user and password
 * @param sizes how much to do
 */
public record Turn(String url, Sizes sizes) {}

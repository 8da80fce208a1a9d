package dev.plinth.quota;

import java.math.BigDecimal;

/**
 * What a release gave back of one gauge, in its unit.
 *
 * @param limit the gauge's name
 * @param released what was given back: what was asked for, or less where less was used
 * @param used what is used now
 */
public record Released(String limit, BigDecimal released, BigDecimal used) {}

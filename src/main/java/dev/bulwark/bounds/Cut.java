package dev.bulwark.bounds;

/**
 * A half-space of one unit, {@code z >= threshold} or {@code z <= threshold}: one of two that a branch splits a domain into.
 *
 * @param value     what an activation reads
 * @param unit      the element
 * @param threshold where it is split
 * @param above     which of the two
 * @param scale     of the coefficients there: what a multiplier is measured in
 */
record Cut(int value, int unit, float threshold, boolean above, float scale) {
}

/**
 * The probabilities behind certificates: binomial confidence bounds and tests, the normal distribution. Pure double, no
 * dependency on the rest of Bulwark, and the only package that imports Commons Math.
 *
 * <p>Every result rounds against us: a lower bound is never above the real number it stands for, an upper bound or a
 * p-value never below. Results use {@link java.lang.StrictMath}, so they repeat bit for bit on every machine.
 */
package dev.bulwark.stats;

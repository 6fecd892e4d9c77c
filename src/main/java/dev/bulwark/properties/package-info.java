/**
 * Whether a network has a property: proofs by bounds, and a search for counterexamples.
 *
 * <p>{@link dev.bulwark.properties.PropertyChecker} asks the cheap methods first. What they leave open is open: a way to
 * decide more, such as branch and bound, belongs behind them there.
 *
 * <p><b>What the answers claim.</b> {@code unsat} speaks of the real-number network with the file's weights, on every real
 * point of the boxes as written. {@code sat} shows one point of a box as written, and what a float forward pass makes of it,
 * which is unsafe in exact arithmetic on these outputs.
 */
package dev.bulwark.properties;

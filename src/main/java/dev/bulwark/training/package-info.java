/**
 * Training for certified robustness: recipes and their schedules, the robust losses and their gradients written by hand
 * against a {@link dev.bulwark.device.Backend}, and the loop with its checkpoints.
 *
 * <p><b>Reproducibility.</b> Initial weights, the order of the images and the noise on them come from the counter-based
 * generator, keyed by the recipe's seed, and a backend repeats its bits. So the same recipe, data and device give the same
 * network bit for bit, also when the run was stopped and resumed on the way.
 *
 * <p>Bounds here are rounded to nearest: they steer training and certify nothing.
 */
package dev.bulwark.training;

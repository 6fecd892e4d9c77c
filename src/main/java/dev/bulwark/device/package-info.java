/**
 * All that algorithms ask of hardware: {@link dev.bulwark.device.Backend} with its buffers, and the contract of
 * the counter-based random numbers that every backend reproduces bit for bit. It knows nothing of networks or
 * certificates; {@code device.cpu} and {@code device.cuda} implement it, and only the command line chooses between them.
 *
 * <p>Operations come in families, each an interface that {@code Backend} has an accessor for, and each with a contract of
 * its own among the tests, which every backend must keep:
 * <ul>
 * <li>{@link dev.bulwark.device.Linear}, {@link dev.bulwark.device.Convolutions}: products, affine layers, convolutions;
 * <li>{@link dev.bulwark.device.Elementwise}, {@link dev.bulwark.device.Indexing}, {@link dev.bulwark.device.Reductions}:
 * element by element, by indices, sums;
 * <li>{@link dev.bulwark.device.Losses}, {@link dev.bulwark.device.TrainingIntervals},
 * {@link dev.bulwark.device.Optimisers}: what training needs, rounded to nearest;
 * <li>{@link dev.bulwark.device.Noise}, {@link dev.bulwark.device.Votes}: random numbers, and the classes that logits name;
 * <li>{@link dev.bulwark.device.BallSteps}, {@link dev.bulwark.device.AscentSteps}, {@link dev.bulwark.device.BoundarySteps},
 * {@link dev.bulwark.device.SquareProposals}: steps of attacks, row by row;
 * <li>{@link dev.bulwark.device.OutwardIntervals}, {@link dev.bulwark.device.LinearRelaxations},
 * {@link dev.bulwark.device.PatchForms}: what certificates rest on.
 * </ul>
 * What a device can do faster in one go, it prepares: {@link dev.bulwark.device.NoisyClassifier},
 * {@link dev.bulwark.device.InputGradients}, {@link dev.bulwark.device.TrainingOperations}. For each there is a version
 * composed of the families' operations, which answers where a device has nothing faster and which the faster ones are
 * measured against.
 */
package dev.bulwark.device;

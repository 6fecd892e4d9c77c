package dev.bulwark.device;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Everything the algorithms ask of hardware: buffers, families of operations on them, each an interface of its own, and what
 * a device prepares in its fastest way. Written once against this, training, smoothing, interval propagation and attacks run
 * on every device.
 *
 * <p><b>Conventions.</b> Matrices are row-major; {@code [N,I]} means N rows of I elements. Elements are floats unless a
 * parameter says {@code int}. Outputs are overwritten unless the text says they are added to. Inputs and outputs may be
 * the same buffer only where the text says "in place". Operations on one backend happen in the order of the calls;
 * {@link #read} waits for what it needs. A backend is used by one thread at a time and shares out the work itself.
 *
 * <p><b>Scalars on the device.</b> What changes from training step to training step (epsilon, learning rate, weights of
 * loss terms) is read from one-element buffers, so that a recorded step can be replayed with new values.
 *
 * <p><b>Determinism.</b> The same calls on the same machine give the same bits.
 *
 * <p><b>Rounding.</b> {@link OutwardIntervals}, {@link Convolutions#enclose}, the boxes of {@link Channelwise} and of
 * {@link Activations} and their lines, {@link MaxPooling}, {@link LinearRelaxations} and {@link PatchForms} bound the real-number
 * result, by rounding outward or by a stated error. All else rounds to nearest and must not be used for a certificate.
 */
public interface Backend extends AutoCloseable {

    DeviceInfo info();

    /**
     * Another backend on the same device with the same arithmetic, whose work may run beside this one's: for one more
     * thread, where the work of one leaves the device idle. Results are those of this backend, bit for bit. The caller
     * closes it. Empty where one backend fills the device already.
     *
     * @throws OutOfDeviceMemoryException when there is no memory left
     */
    default Optional<Backend> sibling() {
        return Optional.empty();
    }

    /**
     * This device with matrix products in fp32, for what is measured rather than trained; it is closed with this backend.
     * A backend without such a choice, or whose products are in fp32, is its own answer.
     */
    default Backend unrounded() {
        return this;
    }

    /** Noisy copies that one call of a {@link NoisyClassifier} should at least count, for the device to be busy between rows. */
    default int noisyCopiesPerCall() {
        return 40_000;
    }

    /**
     * Images that an attack or a verification should at least hold at a time, for the device to be busy. Bounds do not
     * depend on it; attacks do as far as products of other shapes round otherwise.
     */
    default int imagesPerCall() {
        return 250;
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    /** {@code length} elements with unspecified content. @throws OutOfDeviceMemoryException when there is no memory left */
    DeviceBuffer allocate(long length);

    /** Bytes allocated and not yet closed. */
    long liveBytes();

    /** Copies {@code source} to the start of {@code target}. */
    void write(float[] source, DeviceBuffer target);

    /** Copies {@code source} to the start of {@code target}. */
    void write(int[] source, DeviceBuffer target);

    /** Fills {@code target} from the start of {@code source}. */
    void read(DeviceBuffer source, float[] target);

    /** Fills {@code target} from the start of {@code source}. */
    void read(DeviceBuffer source, int[] target);

    /** Copies {@code length} elements of either kind. */
    void copy(DeviceBuffer source, long length, DeviceBuffer target);

    /** Sets all of {@code target} to {@code value}. */
    void fill(DeviceBuffer target, float value);

    /** Sets all of the {@code int} buffer {@code target} to zero. */
    void zeroInts(DeviceBuffer target);

    // ---- order -------------------------------------------------------------------------------------------------------

    /** Waits for all work; reports what went wrong in it. */
    void synchronize();

    /**
     * Turns a fixed sequence of operations into something that replays: a CUDA graph, or the sequence itself.
     * The operations may not allocate, write or read.
     */
    Replay record(Runnable operations);

    /** A recorded sequence of operations. */
    interface Replay extends AutoCloseable {
        void run();

        @Override
        void close();
    }

    // ---- families of operations --------------------------------------------------------------------------------------

    /** Matrix products and affine layers. */
    Linear linear();

    /** Convolutions, as {@link #linear} is for dense layers. */
    Convolutions convolutions();

    /** Affine maps of each channel on its own. */
    Channelwise channelwise();

    /** Operations element by element. */
    Elementwise elementwise();

    /** Activations other than the ReLU. */
    Activations activations();

    /** The largest elements of windows. */
    MaxPooling maxPooling();

    /** Rows, columns and images by their indices. */
    Indexing indexing();

    /** Sums. */
    Reductions reductions();

    /** Steps of attacks in l2 and l1 balls. */
    BallSteps ballSteps();

    /** Steps of attacks whose step sizes adapt. */
    AscentSteps ascentSteps();

    /** Steps of attacks toward a decision boundary. */
    BoundarySteps boundarySteps();

    /** Random proposals of attacks without gradients. */
    SquareProposals squareProposals();

    /** Losses of logits and of worst-case logits. */
    Losses losses();

    /** Boxes for training, rounded to nearest. */
    TrainingIntervals trainingIntervals();

    /** Steps of parameters. */
    Optimisers optimisers();

    /** Random numbers. */
    Noise noise();

    /** What rows of logits vote for. */
    Votes votes();

    /** Boxes for certificates, rounded outward. */
    OutwardIntervals outwardIntervals();

    /** Lines that bound ReLUs, for certificates. */
    ReluRelaxations reluRelaxations();

    /** Linear forms for certificates. */
    LinearRelaxations linearRelaxations();

    /** The same forms where convolutions give them few coefficients. */
    PatchForms patchForms();

    /** Multipliers of half-spaces in linear forms. */
    Multipliers multipliers();

    // ---- what a device prepares, in its fastest way ------------------------------------------------------------------

    /** The base classifier for smoothing: affine maps with a ReLU between each two, in the device's fastest way. */
    default NoisyClassifier noisyClassifier(List<Affine> layers) {
        return new ComposedNoisyClassifier(this, layers);
    }

    /**
     * The base classifier of a chain that is more than dense layers; empty where the device has no kernels that take it whole.
     *
     * @param careful makes a classifier of the same network for images whose samples may overflow, where those kernels would
     *                lose a NaN
     */
    default Optional<NoisyClassifier> chainClassifier(List<Layer> layers, Supplier<NoisyClassifier> careful) {
        return Optional.empty();
    }

    /**
     * Products of a large layer, as {@link #noisyClassifier} has them.
     *
     * @param edge inputs and outputs of the layer
     */
    default BareProducts bareProducts(int edge) {
        return new ComposedBareProducts(this, edge);
    }

    /**
     * The network prepared for gradients with respect to its inputs, in the device's fastest way; for attacks only, so that
     * inputs lie in [0, 1]. Logits that are NaN in its arithmetic come out as NaN.
     *
     * @param capacity rows that a batch may have
     */
    default InputGradients inputGradients(List<Affine> layers, int capacity) {
        return new ComposedInputGradients(this, layers, capacity);
    }

    /** The same of a chain that is more than dense layers; empty where the device has no kernels that take it whole. */
    default Optional<InputGradients> chainGradients(List<Layer> layers, int capacity) {
        return Optional.empty();
    }

    /** The operations of a training step, in the device's fastest way. */
    default TrainingOperations trainingOperations() {
        return new ComposedTrainingOperations(this);
    }

    /**
     * A vendor's generator to measure this backend's noise against; empty where there is none for such a device.
     *
     * @throws DeviceException if there is one and it can't be used here; the message says why
     */
    default Optional<LibraryNormals> libraryNormals() {
        return Optional.empty();
    }

    @Override
    void close();
}

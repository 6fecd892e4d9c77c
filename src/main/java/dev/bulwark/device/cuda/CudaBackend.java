package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.LibraryNormals;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.Relaxation;
import dev.bulwark.device.TrainingOperations;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One NVIDIA GPU: one stream, on which operations happen in the order of the calls. */
public final class CudaBackend implements Backend {

    /** What this backend has opened, last first. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final GpuContext gpu;
    private final CudaMemory memory;
    private final Transfers transfers;
    private final Elementwise elementwise;
    private final Resampling resampling;
    private final Reductions reductions;
    private final Products products;
    private final ColumnSums columnSums;
    private final Convolutions convolutions;
    private final Losses losses;
    private final TrainingIntervals intervals;
    private final Optimisers optimisers;
    private final FusedTraining training;
    private final Noise noise;
    private final Votes votes;
    private final OutwardIntervals outward;
    private final LinearRelaxations relaxations;
    private final CudaOptions options;
    private final Smoothing smoothing;
    private Optional<TensorInputGradients.Kernels> gradientKernels = Optional.empty();
    /** Shared with siblings. */
    private final ModuleStore store;
    private final ModuleStore.Share modules;
    /** Which PTX the kernels are from; the clustered kernel's, which is loaded when it is first needed, is told by its name. */
    private final String architecture;
    /** Which machine code was loaded, or why none. */
    private final Set<String> machineCode = new TreeSet<>();

    private CudaBackend(int ordinal, CudaOptions options, ModuleStore store) {
        this.options = options;
        this.store = store;
        try {
            gpu = opening(new GpuContext(ordinal));
            modules = opening(store.share(gpu));
            memory = new CudaMemory(gpu);
            transfers = opening(new Transfers(memory));
            architecture = modules.module("elementwise").architecture();
            elementwise = new Elementwise(module("elementwise"));
            resampling = new Resampling(module("resampling"));
            Tickets tickets = opening(new Tickets(memory, transfers));
            reductions = new Reductions(module("reductions"), tickets);
            KernelModule ofProducts = module("products");
            columnSums = new ColumnSums(ofProducts, tickets);
            products = opening(new Products(memory, options, elementwise, ofProducts, this::module));
            convolutions = products.convolutions(module("convolutions"));
            losses = new Losses(module("losses"), tickets);
            intervals = opening(new TrainingIntervals(memory, module("training_intervals"), tickets));
            optimisers = new Optimisers(module("optimisers"));
            training = new FusedTraining(module("interval_layers"), products.matrixProduct(), columnSums, intervals, losses,
                    reductions, optimisers, tickets);
            noise = new Noise(module("noise"));
            votes = new Votes(module("votes"));
            outward = new OutwardIntervals(gpu.multiprocessors(), module("outward_intervals"));
            relaxations = new LinearRelaxations(module("linear_relaxation"));
            smoothing = new Smoothing(memory, transfers, this::module);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Opens one GPU, with the options' defaults. */
    public static CudaBackend open(int ordinal) {
        return open(ordinal, CudaOptions.DEFAULT);
    }

    /**
     * Opens one GPU.
     *
     * @param ordinal the driver's number of it, from 0
     * @throws DeviceException if there is no such GPU, no driver that takes the kernels, or no kernels for an option
     */
    public static CudaBackend open(int ordinal, CudaOptions options) {
        return open(ordinal, options, new ModuleStore(false));
    }

    /** As {@link #open(int, CudaOptions)}, with modules from {@code store}, whose other users are on the same GPU. */
    static CudaBackend open(int ordinal, CudaOptions options, ModuleStore store) {
        return new CudaBackend(ordinal, options, store);
    }

    /** As {@link #open(int)}, with noisy forward passes in {@code precision}. */
    public static CudaBackend open(int ordinal, Precision precision) {
        return open(ordinal, CudaOptions.DEFAULT.withNoisyForwards(precision));
    }

    private KernelModule module(String name) {
        LoadedModule module = modules.module(name);
        machineCode.add(module.machineCode());
        return new KernelModule(memory, module);
    }

    private <T extends AutoCloseable> T opening(T resource) {
        opened.push(resource);
        return resource;
    }

    @Override
    public DeviceInfo info() {
        Map<String, String> libraries = new HashMap<>(products.libraries());
        libraries.put(DeviceInfo.DRIVER, "CUDA " + Driver.name(Driver.version()));
        // How a product is cut up, and with it how it rounds, depends on the multiprocessors too.
        libraries.put("kernels", architecture + " on " + gpu.multiprocessors()
                + " multiprocessors of compute capability " + gpu.gpu().capabilityName());
        libraries.put(DeviceInfo.MACHINE_CODE, String.join(" and ", machineCode));
        libraries.put("noise", "Philox4x32-10, own kernels");
        // In the clustered kernel sums run in an order of their own: rows of both must not end up in one file.
        libraries.put("noisy forward passes", options.noisyForwards()
                + (options.noisyKernels() == NoisyKernels.CLUSTERED ? ", clustered kernel" : ""));
        if (options.noisyForwards() == Precision.FLOAT16) {
            libraries.put(DeviceInfo.NOISY_KERNELS, options.noisyKernels().toString());
        }
        libraries.put("gradients of attacks", gradientPrecision().toString());
        return new DeviceInfo("cuda", gpu.gpu().name(), gpu.multiprocessors(), libraries);
    }

    private Precision gradientPrecision() {
        return options.noisyForwards() == Precision.FLOAT32 ? Precision.FLOAT32 : Precision.BFLOAT16;
    }

    /** On a stream of its own, with this one's kernels: small launches, which leave most of a GPU idle, then run beside one another. */
    @Override
    public Optional<Backend> sibling() {
        return Optional.of(open(gpu.gpu().ordinal(), options, store));
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    @Override
    public DeviceBuffer allocate(long length) {
        return memory.allocate(length);
    }

    @Override
    public long liveBytes() {
        return memory.liveBytes();
    }

    @Override
    public void synchronize() {
        gpu.synchronize();
    }

    @Override
    public Replay record(Runnable operations) {
        return Recorder.record(gpu, operations);
    }

    @Override
    public void write(float[] source, DeviceBuffer target) {
        transfers.write(source, target);
    }

    @Override
    public void write(int[] source, DeviceBuffer target) {
        transfers.write(source, target);
    }

    @Override
    public void read(DeviceBuffer source, float[] target) {
        transfers.read(source, target);
    }

    @Override
    public void read(DeviceBuffer source, int[] target) {
        transfers.read(source, target);
    }

    @Override
    public void copy(DeviceBuffer source, long length, DeviceBuffer target) {
        transfers.copy(source, length, target);
    }

    @Override
    public void fill(DeviceBuffer target, float value) {
        transfers.fill(target, value);
    }

    @Override
    public void zeroInts(DeviceBuffer target) {
        transfers.zeroInts(target);
    }

    @Override
    public void copyRows(DeviceBuffer row, int advance, RowCopy... copies) {
        elementwise.copyRows(row, advance, copies);
    }

    @Override
    public TrainingOperations trainingOperations() {
        return training;
    }

    @Override
    public void gather(DeviceBuffer source, DeviceBuffer rows, int count, int columns, DeviceBuffer target) {
        elementwise.gather(source, rows, count, columns, target);
    }

    @Override
    public void gatherColumns(DeviceBuffer source, int rows, int width, DeviceBuffer columns, int count,
                              DeviceBuffer target) {
        elementwise.gatherColumns(source, rows, width, columns, count, target);
    }

    @Override
    public void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer rows, int count, int height, int width,
                         DeviceBuffer target) {
        resampling.resample(source, maps, rows, count, height, width, target);
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b,
                         float beta, DeviceBuffer c) {
        products.multiply(transposeA, transposeB, m, n, k, a, b, beta, c);
    }

    @Override
    public void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        products.affine(x, rows, layer, relu, y);
    }

    @Override
    public void columnSums(DeviceBuffer x, int rows, int columns, float beta, DeviceBuffer sums) {
        columnSums.sum(x, rows, columns, beta, sums);
    }

    @Override
    public Convolutions convolutions() {
        return convolutions;
    }

    @Override
    public void relu(DeviceBuffer x, long length) {
        elementwise.relu(x, length);
    }

    @Override
    public void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient) {
        elementwise.reluGradient(y, length, gradient);
    }

    @Override
    public void absolute(DeviceBuffer x, long length, DeviceBuffer target) {
        elementwise.absolute(x, length, target);
    }

    @Override
    public void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target) {
        elementwise.addSigned(x, signs, length, target);
    }

    @Override
    public void crossEntropy(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer weight,
                             DeviceBuffer gradient, DeviceBuffer losses) {
        this.losses.crossEntropy(logits, labels, rows, classes, weight, gradient, losses);
    }

    @Override
    public void consistencyLoss(DeviceBuffer logits, DeviceBuffer labels, int copies, int rows, int classes,
                                float lambda, float eta, DeviceBuffer weight,
                                DeviceBuffer gradient, DeviceBuffer losses, DeviceBuffer penalties) {
        this.losses.consistencyLoss(logits, labels, copies, rows, classes, lambda, eta, weight, gradient, losses,
                penalties);
    }

    @Override
    public void marginGradient(DeviceBuffer logits, DeviceBuffer labels, int rows, int classes, DeviceBuffer gradient) {
        losses.marginGradient(logits, labels, rows, classes, gradient);
    }

    @Override
    public void sumOfSquares(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reductions.sumOfSquares(x, length, beta, sum);
    }

    @Override
    public void sum(DeviceBuffer x, long length, float beta, DeviceBuffer sum) {
        reductions.sum(x, length, beta, sum);
    }

    @Override
    public void boxAround(DeviceBuffer x, long length, DeviceBuffer epsilon, DeviceBuffer centre, DeviceBuffer radius) {
        intervals.boxAround(x, length, epsilon, centre, radius);
    }

    @Override
    public void intervalRelu(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer outCentre,
                             DeviceBuffer outRadius) {
        intervals.relu(centre, radius, length, outCentre, outRadius);
    }

    @Override
    public void intervalReluGradient(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer gradientCentre,
                                     DeviceBuffer gradientRadius) {
        intervals.reluGradient(centre, radius, length, gradientCentre, gradientRadius);
    }

    @Override
    public void worstCaseLogits(DeviceBuffer centre, DeviceBuffer radius, DeviceBuffer labels, int rows, int classes,
                                DeviceBuffer worst) {
        losses.worstCaseLogits(centre, radius, labels, rows, classes, worst);
    }

    @Override
    public void worstCaseLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                                        DeviceBuffer gradientCentre, DeviceBuffer gradientRadius) {
        losses.worstCaseLogitsGradient(gradientWorst, labels, rows, classes, gradientCentre, gradientRadius);
    }

    @Override
    public void pairwiseDifferences(DeviceBuffer weight, int classes, int in, DeviceBuffer target) {
        losses.pairwiseDifferences(weight, classes, in, target);
    }

    @Override
    public void pairwiseDifferencesGradient(DeviceBuffer weight, DeviceBuffer gradientTarget, int classes, int in,
                                            DeviceBuffer gradientWeight) {
        losses.pairwiseDifferencesGradient(weight, gradientTarget, classes, in, gradientWeight);
    }

    @Override
    public void elidedLogits(DeviceBuffer centreLogits, DeviceBuffer spread, DeviceBuffer labels, int rows, int classes,
                             DeviceBuffer worst) {
        losses.elidedLogits(centreLogits, spread, labels, rows, classes, worst);
    }

    @Override
    public void elidedLogitsGradient(DeviceBuffer gradientWorst, DeviceBuffer labels, int rows, int classes,
                                     DeviceBuffer gradientCentre, DeviceBuffer gradientSpread) {
        losses.elidedLogitsGradient(gradientWorst, labels, rows, classes, gradientCentre, gradientSpread);
    }

    @Override
    public void intervalRegulariser(DeviceBuffer centre, DeviceBuffer radius, long length, DeviceBuffer inputRadius,
                                    float tau, DeviceBuffer weight, DeviceBuffer gradientCentre,
                                    DeviceBuffer gradientRadius, DeviceBuffer loss) {
        intervals.regulariser(centre, radius, length, inputRadius, tau, weight, gradientCentre, gradientRadius, loss);
    }

    @Override
    public void clipFactor(DeviceBuffer sumOfSquares, float maxNorm, DeviceBuffer factor) {
        optimisers.clipFactor(sumOfSquares, maxNorm, factor);
    }

    @Override
    public void adam(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer mean, DeviceBuffer square, long length,
                     float beta1, float beta2, float tiny, float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        optimisers.adam(parameters, gradient, mean, square, length, beta1, beta2, tiny, weightDecay, step, factor);
    }

    @Override
    public void sgd(DeviceBuffer parameters, DeviceBuffer gradient, DeviceBuffer velocity, long length, float momentum,
                    float weightDecay, DeviceBuffer step, DeviceBuffer factor) {
        optimisers.sgd(parameters, gradient, velocity, length, momentum, weightDecay, step, factor);
    }

    @Override
    public void average(DeviceBuffer parameters, long length, float share, DeviceBuffer average) {
        optimisers.average(parameters, length, share, average);
    }

    @Override
    public void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, float sigma,
                         NoiseKey key, DeviceBuffer target) {
        noise.addNoise(x, images, samples, rows, columns, sigma, key, target);
    }

    @Override
    public void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, float sigma, NoiseKey key,
                            DeviceBuffer target) {
        noise.noisyCopies(x, image, firstSample, rows, columns, sigma, key, target);
    }

    @Override
    public void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples, int rows,
                             int columns, NoiseKey key, DeviceBuffer target) {
        noise.uniformInBox(lower, upper, images, samples, rows, columns, key, target);
    }

    @Override
    public Optional<LibraryNormals> libraryNormals() {
        return Optional.of(new Curand(memory));
    }

    @Override
    public void argMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer target) {
        votes.argMax(logits, rows, classes, target);
    }

    @Override
    public void countArgMax(DeviceBuffer logits, int rows, int classes, DeviceBuffer counts) {
        votes.countArgMax(logits, rows, classes, counts);
    }

    @Override
    public void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step, DeviceBuffer lower,
                           DeviceBuffer upper) {
        elementwise.signedStep(x, gradient, length, step, lower, upper);
    }

    @Override
    public void keepMisclassified(DeviceBuffer x, DeviceBuffer predictions, DeviceBuffer labels, int rows, int columns,
                                  DeviceBuffer kept, DeviceBuffer keptPredictions) {
        votes.keepMisclassified(x, predictions, labels, rows, columns, kept, keptPredictions);
    }

    @Override
    public NoisyClassifier noisyClassifier(List<Affine> layers) {
        return options.noisyForwards() == Precision.FLOAT32
                ? Backend.super.noisyClassifier(layers) : smoothing.classifier(layers, options.noisyKernels());
    }

    /** On tensor cores, unless noisy forward passes are to be in float: then nothing is in less. */
    @Override
    public InputGradients inputGradients(List<Affine> layers, int capacity) {
        if (gradientPrecision() == Precision.FLOAT32) {
            return Backend.super.inputGradients(layers, capacity);
        }
        if (gradientKernels.isEmpty()) { // loaded where they are needed: attacks alone need them
            gradientKernels = Optional.of(TensorInputGradients.Kernels.of(module("input_gradients")));
        }
        return new TensorInputGradients(memory, transfers, gradientKernels.get(), layers, capacity);
    }

    /** For tests, which compare the ways of smoothing. */
    Smoothing smoothing() {
        return smoothing;
    }

    /** Some milliseconds' worth: a call's transfers and its wait for the counts take a good part of one. */
    @Override
    public int noisyCopiesPerCall() {
        return 8_000 * gpu.multiprocessors();
    }

    /** Two tiles of 64 x 64 a multiprocessor in a layer of 1,024 outputs: fewer images, and launches are what takes time. */
    @Override
    public int imagesPerCall() {
        return 64 * Math.max(1, gpu.multiprocessors() / 8);
    }

    @Override
    public void outwardBox(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower,
                           DeviceBuffer upper) {
        outward.box(x, length, centreError, epsilon, lower, upper);
    }

    @Override
    public void outwardAffine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer, DeviceBuffer outLower,
                              DeviceBuffer outUpper) {
        outward.affine(lower, upper, rows, layer, outLower, outUpper);
    }

    @Override
    public void outwardMargins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer,
                               DeviceBuffer margins) {
        outward.margins(lower, upper, labels, rows, layer, margins);
    }

    @Override
    public void backwardAffine(DeviceBuffer a, int rows, Affine layer, DeviceBuffer target) {
        products.backwardAffine(a, rows, layer, target);
    }

    @Override
    public void backwardRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                             DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                             DeviceBuffer constants) {
        relaxations.backwardRelu(coefficients, rows, owners, relaxation, slopes, slopeRows, bias, target, constants);
    }

    @Override
    public void formMinima(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower,
                           DeviceBuffer upper, int columns, DeviceBuffer constants, DeviceBuffer minima) {
        relaxations.minima(coefficients, rows, owners, lower, upper, columns, constants, minima);
    }

    @Override
    public void formCorners(DeviceBuffer coefficients, int rows, DeviceBuffer owners, DeviceBuffer lower,
                            DeviceBuffer upper, int columns, DeviceBuffer corners) {
        relaxations.corners(coefficients, rows, owners, lower, upper, columns, corners);
    }

    @Override
    public void relaxedRelu(DeviceBuffer coefficients, int rows, DeviceBuffer owners, Relaxation relaxation,
                            DeviceBuffer slopes, DeviceBuffer z, DeviceBuffer gradient) {
        relaxations.relaxedRelu(coefficients, rows, owners, relaxation, slopes, z, gradient);
    }

    @Override
    public void clamp(DeviceBuffer x, long length, float low, float high) {
        relaxations.clamp(x, length, low, high);
    }

    /** Gives everything back; a GPU that was lost has nothing to give. */
    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                // The next one still has to be closed, and whatever was lost was reported when it was.
            }
        }
    }
}

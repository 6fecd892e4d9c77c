package dev.bulwark.device.cuda;

import dev.bulwark.device.Activations;
import dev.bulwark.device.Affine;
import dev.bulwark.device.AscentSteps;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BallSteps;
import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.Channelwise;
import dev.bulwark.device.Convolutions;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.Elementwise;
import dev.bulwark.device.Indexing;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Layer;
import dev.bulwark.device.LibraryNormals;
import dev.bulwark.device.Linear;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Losses;
import dev.bulwark.device.MaxPooling;
import dev.bulwark.device.Multipliers;
import dev.bulwark.device.Noise;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.Optimisers;
import dev.bulwark.device.OutwardIntervals;
import dev.bulwark.device.PatchForms;
import dev.bulwark.device.Reductions;
import dev.bulwark.device.ReluRelaxations;
import dev.bulwark.device.SquareProposals;
import dev.bulwark.device.TrainingIntervals;
import dev.bulwark.device.TrainingOperations;
import dev.bulwark.device.Votes;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** One NVIDIA GPU: one stream, on which operations happen in the order of the calls. */
public final class CudaBackend implements Backend {

    /** What this backend has opened. */
    private final Opened opened = new Opened();
    private final CudaOptions options;
    /** Shared with siblings. */
    private final ModuleStore store;
    private final GpuContext gpu;
    private final CudaMemory memory;
    private final Transfers transfers;
    private final Modules modules;
    private final CudaFamilies families;
    private final Smoothing smoothing;
    private Optional<TensorInputGradients.Kernels> gradientKernels = Optional.empty();

    private CudaBackend(int ordinal, CudaOptions options, ModuleStore store) {
        this.options = options;
        this.store = store;
        try {
            gpu = opened.add(new GpuContext(ordinal));
            ModuleStore.Share share = opened.add(store.share(gpu));
            memory = new CudaMemory(gpu);
            transfers = opened.add(new Transfers(memory));
            modules = new Modules(memory, share);
            families = new CudaFamilies(options, memory, transfers, modules, opened);
            smoothing = new Smoothing(memory, transfers, modules::module);
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

    @Override
    public DeviceInfo info() {
        Map<String, String> libraries = new HashMap<>(families.linear.libraries());
        libraries.put(DeviceInfo.DRIVER, "CUDA " + Driver.name(Driver.version()));
        // How a product is cut up, and with it how it rounds, depends on the multiprocessors too.
        libraries.put("kernels", modules.architecture() + " on " + gpu.multiprocessors()
                + " multiprocessors of compute capability " + gpu.gpu().capabilityName());
        libraries.put(DeviceInfo.MACHINE_CODE, modules.machineCode());
        libraries.put("noise", "Philox4x32-10, own kernels");
        // In the clustered kernel sums run in an order of their own: rows of both must not end up in one file.
        libraries.put(DeviceInfo.NOISY_PASSES, options.noisyForwards()
                + (options.noisyKernels() == NoisyKernels.CLUSTERED ? ", clustered kernel" : ""));
        if (options.noisyForwards() == Precision.FLOAT16) {
            libraries.put(DeviceInfo.NOISY_KERNELS, options.noisyKernels().toString());
            libraries.put(DeviceInfo.CHAINS, "own kernels for tensor cores");
            libraries.put(DeviceInfo.CHAIN_GRADIENTS, "fp32, step by step");
        }
        libraries.put("gradients of attacks", gradientPrecision().toString());
        return new DeviceInfo(DeviceInfo.GPU, gpu.gpu().name(), gpu.multiprocessors(), libraries);
    }

    private Precision gradientPrecision() {
        return options.noisyForwards() == Precision.FLOAT32 ? Precision.FLOAT32 : Precision.BFLOAT16;
    }

    /**
     * On a stream of its own, with this one's kernels: small launches, which leave most of a GPU idle, then run beside one
     * another.
     */
    @Override
    public Optional<Backend> sibling() {
        return Optional.of(open(gpu.gpu().ordinal(), options, store));
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
    public void synchronize() {
        gpu.synchronize();
    }

    @Override
    public Replay record(Runnable operations) {
        return Recorder.record(gpu, operations);
    }

    // ---- families of operations --------------------------------------------------------------------------------------

    @Override
    public Linear linear() {
        return families.linear;
    }

    @Override
    public Convolutions convolutions() {
        return families.convolutions;
    }

    @Override
    public Channelwise channelwise() {
        return families.channelwise;
    }

    @Override
    public Elementwise elementwise() {
        return families.elementwise;
    }

    @Override
    public Activations activations() {
        return families.activations;
    }

    @Override
    public MaxPooling maxPooling() {
        return families.maxPooling;
    }

    @Override
    public Indexing indexing() {
        return families.indexing;
    }

    @Override
    public Reductions reductions() {
        return families.reductions;
    }

    @Override
    public BallSteps ballSteps() {
        return families.ballSteps;
    }

    @Override
    public AscentSteps ascentSteps() {
        return families.ascentSteps;
    }

    @Override
    public BoundarySteps boundarySteps() {
        return families.boundarySteps;
    }

    @Override
    public SquareProposals squareProposals() {
        return families.squareProposals;
    }

    @Override
    public Losses losses() {
        return families.losses;
    }

    @Override
    public TrainingIntervals trainingIntervals() {
        return families.trainingIntervals;
    }

    @Override
    public Optimisers optimisers() {
        return families.optimisers;
    }

    @Override
    public Noise noise() {
        return families.noise;
    }

    @Override
    public Votes votes() {
        return families.votes;
    }

    @Override
    public OutwardIntervals outwardIntervals() {
        return families.outwardIntervals;
    }

    @Override
    public ReluRelaxations reluRelaxations() {
        return families.reluRelaxations;
    }

    @Override
    public LinearRelaxations linearRelaxations() {
        return families.linearRelaxations;
    }

    @Override
    public Multipliers multipliers() {
        return families.multipliers;
    }

    @Override
    public PatchForms patchForms() {
        return families.patchForms;
    }

    // ---- prepared ----------------------------------------------------------------------------------------------------

    @Override
    public Optional<LibraryNormals> libraryNormals() {
        return Optional.of(new Curand(memory));
    }

    @Override
    public NoisyClassifier noisyClassifier(List<Affine> layers) {
        return options.noisyForwards() == Precision.FLOAT32
                ? Backend.super.noisyClassifier(layers) : smoothing.classifier(layers, options.noisyKernels());
    }

    /** NaN stays NaN in these kernels: no image needs the careful ones. */
    @Override
    public Optional<NoisyClassifier> chainClassifier(List<Layer> layers, Supplier<NoisyClassifier> careful) {
        return options.noisyForwards() == Precision.FLOAT32 ? Optional.empty() : Optional.of(smoothing.chain(layers));
    }

    /** On tensor cores, unless noisy forward passes are to be in float: then nothing is in less. */
    @Override
    public InputGradients inputGradients(List<Affine> layers, int capacity) {
        if (gradientPrecision() == Precision.FLOAT32) {
            return Backend.super.inputGradients(layers, capacity);
        }
        if (gradientKernels.isEmpty()) { // loaded where they are needed: attacks alone need them
            gradientKernels = Optional.of(TensorInputGradients.Kernels.of(modules.module("input_gradients")));
        }
        return new TensorInputGradients(memory, transfers, gradientKernels.get(), layers, capacity);
    }

    @Override
    public TrainingOperations trainingOperations() {
        return families.training;
    }

    /** For tests, which compare the ways of smoothing. */
    Smoothing smoothing() {
        return smoothing;
    }

    @Override
    public void close() {
        opened.close();
    }
}

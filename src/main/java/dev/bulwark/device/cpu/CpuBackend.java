package dev.bulwark.device.cpu;

import static dev.bulwark.device.cpu.Spans.Operand.out;

import dev.bulwark.device.Activations;
import dev.bulwark.device.Affine;
import dev.bulwark.device.AscentSteps;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BallSteps;
import dev.bulwark.device.BareProducts;
import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.Channelwise;
import dev.bulwark.device.Convolutions;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.Elementwise;
import dev.bulwark.device.Indexing;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Layer;
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
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.Reductions;
import dev.bulwark.device.ReluRelaxations;
import dev.bulwark.device.SquareProposals;
import dev.bulwark.device.TrainingIntervals;
import dev.bulwark.device.Votes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** The backend on the host's processor, all cores. */
public final class CpuBackend implements Backend {

    private final Workers workers;
    private final AtomicLong live;
    private final PreparedNetworks networks;
    private final Spans spans;
    private final CpuFamilies families;

    private CpuBackend(AtomicLong live, PreparedNetworks networks, SharedProducts products) {
        this.workers = networks.workers();
        this.live = live;
        this.networks = networks;
        this.spans = new Spans(workers);
        this.families = new CpuFamilies(workers, spans, products, networks.blocks(), networks.noise());
    }

    /** All cores, the fastest libraries that load, and noisy forward passes in bf16 where the processor has it. */
    public static CpuBackend create() {
        return create(Libraries.products(), Libraries.noise(), Libraries.fastestPrecision());
    }

    /**
     * As {@link #create()}, with noisy forward passes in {@code precision}.
     *
     * @throws DeviceException if this processor or its libraries can't
     */
    public static CpuBackend create(Precision precision) {
        if (precision == Precision.FLOAT16 || precision == Precision.BFLOAT16
                && Libraries.fastestPrecision() != Precision.BFLOAT16) {
            throw new DeviceException("this processor has no native " + precision + " products: use fp32")
                    .advising(Advice.PRECISION);
        }
        return create(Libraries.products(), Libraries.noise(), precision);
    }

    /**
     * This backend with matrix products in {@code products}, for training; it shares this one's threads and is closed
     * with it.
     *
     * @throws DeviceException if this processor or its libraries can't
     */
    public CpuBackend withProducts(ProductPrecision products) {
        return new CpuBackend(live, networks, Libraries.products(products, workers));
    }

    /** Whether {@link #withProducts} has such products on this processor. */
    public static boolean has(ProductPrecision products) {
        return Libraries.has(products);
    }

    /** Nothing but plain Java: the fallback, made explicit for tests. */
    public static CpuBackend plainJava() {
        return create(new JavaProducts(), new ScalarNoise(), Precision.FLOAT32);
    }

    private static CpuBackend create(Products blocks, NoiseRows noise, Precision precision) {
        Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
        return new CpuBackend(new AtomicLong(), new PreparedNetworks(workers, blocks, noise, precision),
                new FloatProducts(workers, blocks));
    }

    @Override
    public Backend unrounded() {
        return families.linear instanceof Bfloat16Products ? withProducts(ProductPrecision.FLOAT32) : this;
    }

    @Override
    public DeviceInfo info() {
        Map<String, String> libraries = new LinkedHashMap<>();
        libraries.put(DeviceInfo.PRODUCTS, families.linear.name());
        libraries.put("noise", "Philox4x32-10, " + networks.noise().name());
        libraries.put(DeviceInfo.NOISY_PASSES, networks.precision().toString());
        if (networks.hasOneDnn()) {
            libraries.put(DeviceInfo.CHAINS, "packed for oneDNN");
        }
        libraries.put("gradients of attacks", networks.gradientPrecision().toString());
        return new DeviceInfo(DeviceInfo.CPU, Libraries.processorName(), workers.count(), libraries);
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    @Override
    public DeviceBuffer allocate(long length) {
        return DeviceBuffer.owning(new CpuMemory(length, live), length);
    }

    @Override
    public long liveBytes() {
        return live.get();
    }

    @Override
    public void write(float[] source, DeviceBuffer target) {
        CpuMemory.floatsToWrite(target.require("target", source.length)).put(0, source);
    }

    @Override
    public void write(int[] source, DeviceBuffer target) {
        CpuMemory.intsToWrite(target.require("target", source.length)).put(0, source);
    }

    @Override
    public void read(DeviceBuffer source, float[] target) {
        CpuMemory.floats(source.require("source", target.length)).get(0, target);
    }

    @Override
    public void read(DeviceBuffer source, int[] target) {
        CpuMemory.ints(source.require("source", target.length)).get(0, target);
    }

    @Override
    public void copy(DeviceBuffer source, long length, DeviceBuffer target) {
        CpuMemory.copy(source, length, target);
    }

    @Override
    public void fill(DeviceBuffer target, float value) {
        spans.apply(target.length(), (s, count) -> Arrays.fill(s[0], 0, count, value),
                out(target, target.length()));
    }

    @Override
    public void zeroInts(DeviceBuffer target) {
        fill(target, 0f);
    }

    @Override
    public void synchronize() {
        // Every operation has finished when its call returns.
    }

    @Override
    public Replay record(Runnable operations) {
        return new Replay() {
            @Override
            public void run() {
                operations.run();
            }

            @Override
            public void close() {
                // Nothing was recorded.
            }
        };
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
    public NoisyClassifier noisyClassifier(List<Affine> layers) {
        return networks.noisyClassifier(layers);
    }

    @Override
    public BareProducts bareProducts(int edge) {
        return networks.bareProducts(this, edge);
    }

    @Override
    public InputGradients inputGradients(List<Affine> layers, int capacity) {
        return networks.inputGradients(this, layers, capacity);
    }

    @Override
    public Optional<NoisyClassifier> chainClassifier(List<Layer> layers, Supplier<NoisyClassifier> careful) {
        return networks.chainClassifier(layers, careful);
    }

    @Override
    public Optional<InputGradients> chainGradients(List<Layer> layers, int capacity) {
        return networks.chainGradients(layers, capacity);
    }

    /** At least a chunk of input gradients for each worker. */
    @Override
    public int imagesPerCall() {
        return Math.max(Backend.super.imagesPerCall(), PackedInputGradients.CHUNK * workers.count());
    }

    @Override
    public void close() {
        workers.close();
    }
}

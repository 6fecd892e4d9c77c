package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.cpu.LaneNoisyClassifier.Sizes;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.PointerScope;

/**
 * Forward and backward passes on weights packed for oneDNN, both ways round; a chunk of rows goes all the way on one worker, so
 * that its activations stay in the cache.
 *
 * <p>A batch is cut into equal chunks, as many for each worker. What a row gives does not depend on its chunk's size: oneDNN sums
 * in the same order for any number of rows from {@link #LEAST_ROWS} on, and a chunk has no fewer. Chunks are prepared when a batch
 * first asks for their size, and the latest few sizes are kept.
 *
 * <p>In bf16, images, weights, activations and gradients are rounded to it; logits and input gradients are float. ReLUs are
 * oneDNN's, which turn NaN into 0: no activation may overflow ({@link Headroom}).
 */
final class PackedInputGradients implements InputGradients {

    /** Most rows of a chunk of dense layers: enough for the products' blocking. */
    static final int CHUNK = 128;
    /** Sizes of chunks are multiples of this. One row alone would be summed in another order. */
    static final int LEAST_ROWS = 8;
    private static final int SIZES_KEPT = 3;

    private final Workers workers;
    private final Precision precision;
    private final int inputs;
    private final int classes;
    private final int mostRows;
    private final int capacity;
    private final Packing packing;
    /** By the rows of a chunk; the one that was used last comes last. */
    private final LinkedHashMap<Integer, Chunks> prepared = new LinkedHashMap<>(8, 0.75f, true);
    /** What the last forward pass ran in. */
    private Optional<Chunks> latest = Optional.empty();

    /** Packs a network for chunks of rows, into the pointer scope that is open. */
    private interface Packing {
        Supplier<PackedPasses> passes(engine cpu, memory.data_type type, int rows);
    }

    private PackedInputGradients(Workers workers, Sizes sizes, int mostRows, int capacity, Precision precision, Packing packing) {
        this.workers = workers;
        this.precision = precision;
        this.inputs = sizes.inputs();
        this.classes = sizes.classes();
        this.mostRows = mostRows;
        this.capacity = capacity;
        this.packing = packing;
    }

    /**
     * @param layers    must outlive this object
     * @param precision {@code FLOAT32} or, where {@link PackedNetwork#hasBfloat16}, {@code BFLOAT16}
     */
    static PackedInputGradients of(Workers workers, List<Affine> layers, int capacity, Precision precision) {
        Sizes sizes = new Sizes(layers.get(0).in(), layers.get(layers.size() - 1).out());
        return new PackedInputGradients(workers, sizes, CHUNK, capacity, precision,
                (cpu, type, rows) -> new PackedPerceptron(cpu, layers, rows, type)::passes);
    }

    /** The same of a chain. */
    static PackedInputGradients ofChain(Workers workers, List<Layer> layers, int capacity, Precision precision) {
        Sizes sizes = new Sizes(layers.get(0).in(), layers.get(layers.size() - 1).out());
        return new PackedInputGradients(workers, sizes, PackedChain.rowsOf(layers, precision), capacity, precision,
                (cpu, type, rows) -> new PackedChain(cpu, layers, rows, type)::passes);
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void forward(DeviceBuffer x, int rows, DeviceBuffer logits) {
        FloatBuffer from = CpuMemory.floats(x.require("x", (long) rows * inputs));
        FloatBuffer to = CpuMemory.floatsToWrite(logits.require("logits", (long) rows * classes));
        if (rows > capacity) {
            throw new IllegalArgumentException("a batch of " + rows + " rows, prepared for " + capacity);
        }
        Chunks chunks = chunks(rows);
        latest = Optional.of(chunks);
        chunks.each(rows, (chunk, first, count) -> {
            chunk.images.put(0, from, first * inputs, count * inputs);
            chunk.forward.run();
            to.put(first * classes, chunk.logits, 0, count * classes);
        });
    }

    @Override
    public void backward(DeviceBuffer logitGradients, int rows, DeviceBuffer gradients) {
        FloatBuffer from = CpuMemory.floats(logitGradients.require("logitGradients", (long) rows * classes));
        FloatBuffer to = CpuMemory.floatsToWrite(gradients.require("gradients", (long) rows * inputs));
        latest.orElseThrow(() -> new IllegalStateException("no forward pass")).each(rows, (chunk, first, count) -> {
            chunk.logitGradients.put(0, from, first * classes, count * classes);
            chunk.backward.run();
            to.put(first * inputs, chunk.imageGradients, 0, count * inputs);
        });
    }

    /** Work on rows {@code first .. first + count - 1}. */
    private interface Work {
        void run(Chunk chunk, int first, int count);
    }

    private Chunks chunks(int count) {
        int rows = rowsOfAChunk(count, mostRows, workers.count());
        Chunks chunks = prepared.computeIfAbsent(rows, Chunks::new);
        if (prepared.size() > SIZES_KEPT) {
            Integer oldest = prepared.keySet().iterator().next();
            prepared.remove(oldest).close();
        }
        return chunks;
    }

    /** The size of equal chunks, of {@code most} rows at most, of which each worker gets as many. */
    static int rowsOfAChunk(int count, int most, int workers) {
        int full = workers * most;
        int chunks = workers * ((count + full - 1) / full);
        int share = Math.max(1, (count + chunks - 1) / chunks);
        return Math.min(most, (share + LEAST_ROWS - 1) / LEAST_ROWS * LEAST_ROWS);
    }

    @Override
    public void close() {
        prepared.values().forEach(Chunks::close);
        prepared.clear();
    }

    /** Chunks of one size, as many as a batch has needed. */
    private final class Chunks implements AutoCloseable {
        private final PointerScope pointers = new PointerScope().extend();
        private final int rows;
        private final engine cpu;
        private final Supplier<PackedPasses> passes;
        private final List<Chunk> chunks = new ArrayList<>();

        Chunks(int rows) {
            this.rows = rows;
            try {
                cpu = new engine(engine.kind.cpu, 0);
                passes = packing.passes(cpu, DnnMemory.type(precision), rows);
            } finally {
                pointers.close();
            }
        }

        void each(int count, Work work) {
            int parts = (count + rows - 1) / rows;
            while (chunks.size() < parts) {
                chunks.add(new Chunk(cpu, rows, passes));
            }
            workers.run(parts, k -> work.run(chunks.get(k), k * rows, Math.min(rows, count - k * rows)));
        }

        @Override
        public void close() {
            chunks.forEach(Chunk::close);
            pointers.close();
        }
    }

    /** Memory and primitives for a chunk of rows; rows past a batch's end hold whatever they held, to no one's harm. */
    private final class Chunk implements AutoCloseable {
        private final PointerScope own = new PointerScope().extend();
        private final engine cpu;
        private final int rows;
        private final FloatBuffer images;
        private final FloatBuffer logits;
        private final FloatBuffer logitGradients;
        private final FloatBuffer imageGradients;
        private final Primitives forward;
        private final Primitives backward;

        Chunk(engine cpu, int rows, Supplier<PackedPasses> of) {
            this.cpu = cpu;
            this.rows = rows;
            try {
                PackedPasses passes = of.get();
                forward = new Primitives(cpu);
                backward = new Primitives(cpu);
                memory plainImages = zeros(inputs);
                images = DnnMemory.floats(plainImages);
                logits = DnnMemory.floats(passes.forward(forward, plainImages));
                memory plainGradients = zeros(classes);
                logitGradients = DnnMemory.floats(plainGradients);
                imageGradients = DnnMemory.floats(passes.backward(backward, plainGradients));
            } finally {
                own.close();
            }
        }

        private memory zeros(int columns) {
            memory zeros = new memory(PackedProduct.matrix(rows, columns, memory.data_type.f32), cpu);
            DnnMemory.floats(zeros).put(0, new float[rows * columns]);
            return zeros;
        }

        @Override
        public void close() {
            own.close();
        }
    }
}

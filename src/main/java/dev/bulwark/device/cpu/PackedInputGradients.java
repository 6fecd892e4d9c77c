package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.cpu.LaneNoisyClassifier.Sizes;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.PointerScope;

/**
 * Forward and backward passes on weights packed once for oneDNN, both ways round; a chunk of rows goes all the way on one
 * worker, so that its activations stay in the cache.
 *
 * <p>In bf16, images, weights, activations and gradients are rounded to it; logits and input gradients are float. ReLUs are
 * oneDNN's, which turn NaN into 0: no activation may overflow ({@link Headroom}).
 */
final class PackedInputGradients implements InputGradients {

    /** Rows of a chunk: enough for the products' blocking, few enough to share a batch out evenly. */
    static final int CHUNK = 128;

    private final PointerScope pointers = new PointerScope().extend();
    private final Workers workers;
    private final Precision precision;
    private final int inputs;
    private final int classes;
    private final int rows;
    private final engine cpu;
    private final List<Chunk> chunks = new ArrayList<>();

    /** Packs a network for chunks of rows. */
    private interface Packing {
        Supplier<PackedPasses> passes(engine cpu, memory.data_type type);
    }

    private PackedInputGradients(Workers workers, Sizes sizes, int rows, int capacity, Precision precision, Packing packing) {
        this.workers = workers;
        this.precision = precision;
        this.inputs = sizes.inputs();
        this.classes = sizes.classes();
        this.rows = rows;
        try {
            cpu = new engine(engine.kind.cpu, 0);
            Supplier<PackedPasses> passes = packing.passes(cpu, DnnMemory.type(precision));
            for (int first = 0; first < capacity; first += rows) {
                chunks.add(new Chunk(passes.get()));
            }
        } finally {
            pointers.close();
        }
    }

    /** @param precision {@code FLOAT32} or, where {@link PackedNetwork#hasBfloat16}, {@code BFLOAT16} */
    static PackedInputGradients of(Workers workers, List<Affine> layers, int capacity, Precision precision) {
        Sizes sizes = new Sizes(layers.get(0).in(), layers.get(layers.size() - 1).out());
        return new PackedInputGradients(workers, sizes, CHUNK, capacity, precision,
                (cpu, type) -> new PackedPerceptron(cpu, layers, CHUNK, type)::passes);
    }

    /** The same of a chain. */
    static PackedInputGradients ofChain(Workers workers, List<Layer> layers, int capacity, Precision precision) {
        Sizes sizes = new Sizes(layers.get(0).in(), layers.get(layers.size() - 1).out());
        int rows = PackedChain.rowsOf(layers, precision);
        return new PackedInputGradients(workers, sizes, rows, capacity, precision,
                (cpu, type) -> new PackedChain(cpu, layers, rows, type)::passes);
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void forward(DeviceBuffer x, int rows, DeviceBuffer logits) {
        FloatBuffer from = CpuMemory.floats(x.require("x", (long) rows * inputs));
        FloatBuffer to = CpuMemory.floatsToWrite(logits.require("logits", (long) rows * classes));
        eachChunk(rows, (chunk, first, count) -> {
            chunk.images.put(0, from, first * inputs, count * inputs);
            chunk.forward.run();
            to.put(first * classes, chunk.logits, 0, count * classes);
        });
    }

    @Override
    public void backward(DeviceBuffer logitGradients, int rows, DeviceBuffer gradients) {
        FloatBuffer from = CpuMemory.floats(logitGradients.require("logitGradients", (long) rows * classes));
        FloatBuffer to = CpuMemory.floatsToWrite(gradients.require("gradients", (long) rows * inputs));
        eachChunk(rows, (chunk, first, count) -> {
            chunk.logitGradients.put(0, from, first * classes, count * classes);
            chunk.backward.run();
            to.put(first * inputs, chunk.imageGradients, 0, count * inputs);
        });
    }

    /** Work on rows {@code first .. first + count - 1}. */
    private interface Work {
        void run(Chunk chunk, int first, int count);
    }

    private void eachChunk(int count, Work work) {
        if (count > chunks.size() * rows) {
            throw new IllegalArgumentException("a batch of " + count + " rows, prepared for " + chunks.size() * rows);
        }
        workers.run((count + rows - 1) / rows,
                k -> work.run(chunks.get(k), k * rows, Math.min(rows, count - k * rows)));
    }

    @Override
    public void close() {
        pointers.close();
    }

    /** Memory and primitives for a chunk of rows; rows past a batch's end hold whatever they held, to no one's harm. */
    private final class Chunk {
        private final FloatBuffer images;
        private final FloatBuffer logits;
        private final FloatBuffer logitGradients;
        private final FloatBuffer imageGradients;
        private final Primitives forward = new Primitives(cpu);
        private final Primitives backward = new Primitives(cpu);

        Chunk(PackedPasses passes) {
            memory plainImages = zeros(inputs);
            images = DnnMemory.floats(plainImages);
            logits = DnnMemory.floats(passes.forward(forward, plainImages));
            memory plainGradients = zeros(classes);
            logitGradients = DnnMemory.floats(plainGradients);
            imageGradients = DnnMemory.floats(passes.backward(backward, plainGradients));
        }

        private memory zeros(int columns) {
            memory zeros = new memory(PackedProduct.matrix(rows, columns, memory.data_type.f32), cpu);
            DnnMemory.floats(zeros).put(0, new float[rows * columns]);
            return zeros;
        }
    }
}

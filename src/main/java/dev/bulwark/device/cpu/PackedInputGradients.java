package dev.bulwark.device.cpu;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
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
    private final memory.data_type type;
    private final int inputs;
    private final int classes;
    private final engine cpu;
    private final List<Stage> stages = new ArrayList<>();
    private final List<Chunk> chunks = new ArrayList<>();

    /** A layer's products. */
    private record Stage(PackedProduct forward, PackedProduct backward) {
    }

    /** @param precision {@code FLOAT32} or, where {@link PackedNetwork#hasBfloat16}, {@code BFLOAT16} */
    PackedInputGradients(Workers workers, List<Affine> layers, int capacity, Precision precision) {
        this.workers = workers;
        this.precision = precision;
        this.type = precision == Precision.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
        this.inputs = layers.get(0).in();
        this.classes = layers.get(layers.size() - 1).out();
        try {
            cpu = new engine(engine.kind.cpu, 0);
            for (int i = 0; i < layers.size(); ++i) {
                boolean last = i == layers.size() - 1;
                stages.add(new Stage(
                        PackedProduct.forward(cpu, layers.get(i), CHUNK, types(last), !last),
                        PackedProduct.backward(cpu, layers.get(i), CHUNK, types(i == 0))));
            }
            for (int first = 0; first < capacity; first += CHUNK) {
                chunks.add(new Chunk());
            }
        } finally {
            pointers.close();
        }
    }

    /** @param outermost whether the result leaves the network, as float */
    private PackedProduct.Types types(boolean outermost) {
        return new PackedProduct.Types(type, outermost ? memory.data_type.f32 : type);
    }

    private static FloatBuffer floats(memory of) {
        return new FloatPointer(of.get_data_handle()).capacity(of.get_desc().get_size() / Float.BYTES).asBuffer();
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

    private void eachChunk(int rows, Work work) {
        if (rows > chunks.size() * CHUNK) {
            throw new IllegalArgumentException("a batch of " + rows + " rows, prepared for " + chunks.size() * CHUNK);
        }
        workers.run((rows + CHUNK - 1) / CHUNK,
                k -> work.run(chunks.get(k), k * CHUNK, Math.min(CHUNK, rows - k * CHUNK)));
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
        private final Sequence forward = new Sequence();
        private final Sequence backward = new Sequence();
        /** What entered each layer. */
        private final List<memory> entered = new ArrayList<>();

        Chunk() {
            memory plainImages = zeros(PackedProduct.matrix(CHUNK, inputs, memory.data_type.f32));
            images = floats(plainImages);
            memory values = forward.convert(plainImages);
            for (Stage stage : stages) {
                entered.add(values);
                values = stage.forward.appendTo(forward::add, values);
            }
            logits = floats(values);

            memory plainGradients = zeros(PackedProduct.matrix(CHUNK, classes, memory.data_type.f32));
            logitGradients = floats(plainGradients);
            memory gradient = backward.convert(plainGradients);
            for (int i = stages.size() - 1; i >= 0; --i) {
                gradient = stages.get(i).backward.appendTo(backward::add, gradient);
                if (i > 0) {
                    backward.mask(entered.get(i), gradient);
                }
            }
            imageGradients = floats(gradient);
        }

        private memory zeros(memory.desc desc) {
            memory zeros = new memory(desc, cpu);
            floats(zeros).put(0, new float[(int) (desc.get_size() / Float.BYTES)]);
            return zeros;
        }
    }

    /** Primitives with their arguments, one after the other. */
    private final class Sequence {
        private final stream queue = new stream(cpu);
        private final List<primitive> primitives = new ArrayList<>();
        private final List<IntMemoryMap> arguments = new ArrayList<>();

        /** {@code source}, in the products' type. */
        memory convert(memory source) {
            memory.desc plain = source.get_desc();
            memory target = new memory(new memory.desc(plain.get_dims(), type, memory.format_tag.ab), cpu);
            IntMemoryMap map = new IntMemoryMap();
            map.put(DNNL_ARG_SRC, source);
            map.put(DNNL_ARG_DST, target);
            add(new reorder(source, target), map);
            return target;
        }

        /** Sets {@code gradient} to zero where the ReLU's output {@code activation} is zero, in place. */
        void mask(memory activation, memory gradient) {
            memory.desc desc = activation.get_desc();
            dnnl.algorithm relu = dnnl.algorithm.eltwise_relu_use_dst_for_bwd;
            eltwise_forward.primitive_desc hint = new eltwise_forward.primitive_desc(
                    cpu, dnnl.prop_kind.forward_training, relu, desc, desc, 0f);
            eltwise_backward.primitive_desc description =
                    new eltwise_backward.primitive_desc(cpu, relu, desc, desc, desc, 0f, hint);
            IntMemoryMap map = new IntMemoryMap();
            map.put(DNNL_ARG_DST, activation);
            map.put(DNNL_ARG_DIFF_DST, gradient);
            map.put(DNNL_ARG_DIFF_SRC, gradient);
            add(new eltwise_backward(description), map);
        }

        private void add(primitive next, IntMemoryMap map) {
            primitives.add(next);
            arguments.add(map);
        }

        void run() {
            for (int i = 0; i < primitives.size(); ++i) {
                primitives.get(i).execute(queue, arguments.get(i));
            }
            queue._wait();
        }
    }
}

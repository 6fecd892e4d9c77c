package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

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
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * Forward and backward passes on weights packed once for oneDNN, both ways round; a chunk of rows goes all the way on one
 * worker, so that its activations stay in the cache.
 *
 * <p>In bf16, images, weights, activations and gradients are rounded to it; logits and input gradients are float.
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

    /** A layer's products, and its parameters packed for them. */
    private record Stage(matmul.primitive_desc forward, memory weight, memory bias,
                         matmul.primitive_desc backward, memory transposed) {
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
            stream packing = new stream(cpu);
            for (int i = 0; i < layers.size(); ++i) {
                stages.add(pack(layers.get(i), i == 0, i == layers.size() - 1, packing));
            }
            for (int first = 0; first < capacity; first += CHUNK) {
                chunks.add(new Chunk());
            }
        } finally {
            pointers.close();
        }
    }

    private Stage pack(Affine layer, boolean first, boolean last, stream packing) {
        memory.desc input = matrix(CHUNK, layer.in(), type, memory.format_tag.ab);
        memory.desc output = matrix(CHUNK, layer.out(), type, memory.format_tag.ab);
        memory.desc bias = matrix(1, layer.out(), memory.data_type.f32, memory.format_tag.ab);
        matmul.primitive_desc forward = new matmul.primitive_desc(cpu, input,
                matrix(layer.in(), layer.out(), type, memory.format_tag.any), bias,
                last ? matrix(CHUNK, layer.out(), memory.data_type.f32, memory.format_tag.ab) : output,
                attributes(!last), false);
        matmul.primitive_desc backward = new matmul.primitive_desc(cpu, output,
                matrix(layer.out(), layer.in(), type, memory.format_tag.any),
                first ? matrix(CHUNK, layer.in(), memory.data_type.f32, memory.format_tag.ab) : input,
                attributes(false), false);

        // W [out,in] row-major is [in,out] with its order of elements turned round.
        memory weight = packed(layer.weight(), matrix(layer.in(), layer.out(), memory.data_type.f32, memory.format_tag.ba),
                forward.weights_desc(), packing);
        memory transposed = packed(layer.weight(),
                matrix(layer.out(), layer.in(), memory.data_type.f32, memory.format_tag.ab),
                backward.weights_desc(), packing);
        return new Stage(forward, weight, packed(layer.bias(), bias, bias, packing), backward, transposed);
    }

    private memory packed(DeviceBuffer source, memory.desc as, memory.desc target, stream packing) {
        memory plain = new memory(as, cpu);
        floats(plain).put(0, CpuMemory.floats(source), 0, (int) (as.get_size() / Float.BYTES));
        memory packed = new memory(target, cpu);
        new reorder(plain, packed).execute(packing, plain, packed);
        packing._wait();
        return packed;
    }

    private static primitive_attr attributes(boolean relu) {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        if (relu) {
            post_ops after = new post_ops();
            after.append_eltwise(dnnl.algorithm.eltwise_relu, 0f, 0f);
            attributes.set_post_ops(after);
        }
        return attributes;
    }

    private static memory.desc matrix(int rows, int columns, memory.data_type type, memory.format_tag order) {
        return new memory.desc(new long[] {rows, columns}, type, order);
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
            memory plainImages = zeros(matrix(CHUNK, inputs, memory.data_type.f32, memory.format_tag.ab));
            images = floats(plainImages);
            memory values = forward.convert(plainImages);
            for (Stage stage : stages) {
                entered.add(values);
                values = forward.affine(stage.forward, values, stage.weight, stage.bias);
            }
            logits = floats(values);

            memory plainGradients = zeros(matrix(CHUNK, classes, memory.data_type.f32, memory.format_tag.ab));
            logitGradients = floats(plainGradients);
            memory gradient = backward.convert(plainGradients);
            for (int i = stages.size() - 1; i >= 0; --i) {
                gradient = backward.multiply(stages.get(i).backward, gradient, stages.get(i).transposed);
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

        memory affine(matmul.primitive_desc description, memory source, memory weight, memory bias) {
            IntMemoryMap map = new IntMemoryMap();
            map.put(DNNL_ARG_BIAS, bias);
            return multiply(description, source, weight, map);
        }

        memory multiply(matmul.primitive_desc description, memory source, memory weight) {
            return multiply(description, source, weight, new IntMemoryMap());
        }

        private memory multiply(matmul.primitive_desc description, memory source, memory weight, IntMemoryMap map) {
            memory target = new memory(description.dst_desc(), cpu);
            map.put(DNNL_ARG_SRC, source);
            map.put(DNNL_ARG_WEIGHTS, weight);
            map.put(DNNL_ARG_DST, target);
            map.put(DNNL_ARG_SCRATCHPAD, new memory(description.scratchpad_desc(), cpu));
            add(new matmul(description), map);
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

package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import dev.bulwark.device.Affine;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.ShortPointer;

/**
 * Weights packed once for oneDNN's products, bias and ReLU fused into them; sums and logits are float.
 *
 * <p>In bf16, inputs, weights and hidden activations are rounded to it: that rounding is part of the base classifier.
 */
final class PackedNetwork implements AutoCloseable {

    /** Extended once: leaving the constructor ends its reach, {@link #close} frees what it holds. */
    private final PointerScope pointers = new PointerScope().extend();
    private final NoiseRows noise;
    private final engine cpu;
    private final List<Stage> stages = new ArrayList<>();
    private final int rows;
    private final Precision precision;
    private final memory.data_type type;

    /** One layer's primitive description and its packed parameters, shared by all lanes. */
    private record Stage(matmul.primitive_desc description, memory weight, memory bias) {
    }

    /** @param precision {@code FLOAT32} or, where {@link #hasBfloat16}, {@code BFLOAT16} */
    PackedNetwork(NoiseRows noise, List<Affine> layers, int rows, Precision precision) {
        this.noise = noise;
        this.precision = precision;
        this.type = precision == Precision.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
        this.rows = rows;
        try {
            cpu = new engine(engine.kind.cpu, 0);
            stream packing = new stream(cpu);
            for (int i = 0; i < layers.size(); ++i) {
                stages.add(pack(layers.get(i), i < layers.size() - 1, packing));
            }
        } finally {
            pointers.close();
        }
    }

    /** Whether this processor multiplies bf16 natively (AVX512-BF16 or AMX): emulation would only lose time. */
    static boolean hasBfloat16() {
        int isa = dnnl.dnnl_get_effective_cpu_isa();
        return (isa & dnnl.dnnl_cpu_isa_avx512_core_bf16) == dnnl.dnnl_cpu_isa_avx512_core_bf16;
    }

    private Stage pack(Affine layer, boolean hidden, stream packing) {
        memory.desc source = matrix(rows, layer.in(), type, memory.format_tag.ab);
        memory.desc weight = matrix(layer.in(), layer.out(), type, memory.format_tag.any);
        memory.desc bias = matrix(1, layer.out(), memory.data_type.f32, memory.format_tag.ab);
        memory.desc target = matrix(rows, layer.out(),
                hidden ? type : memory.data_type.f32, memory.format_tag.ab);
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        if (hidden) {
            post_ops relu = new post_ops();
            relu.append_eltwise(dnnl.algorithm.eltwise_relu, 0f, 0f);
            attributes.set_post_ops(relu);
        }
        matmul.primitive_desc description =
                new matmul.primitive_desc(cpu, source, weight, bias, target, attributes, false);

        memory plain = new memory(
                matrix(layer.in(), layer.out(), memory.data_type.f32, memory.format_tag.ba), cpu);
        copy(CpuMemory.floats(layer.weight()), plain, layer.in() * layer.out());
        memory packed = new memory(description.weights_desc(), cpu);
        new reorder(plain, packed).execute(packing, plain, packed);
        packing._wait();
        memory offsets = new memory(bias, cpu);
        copy(CpuMemory.floats(layer.bias()), offsets, layer.out());
        return new Stage(description, packed, offsets);
    }

    private static memory.desc matrix(int rows, int columns, memory.data_type type, memory.format_tag order) {
        return new memory.desc(new long[] {rows, columns}, type, order);
    }

    private static void copy(FloatBuffer source, memory target, int length) {
        new FloatPointer(target.get_data_handle()).capacity(length).asBuffer().put(0, source, 0, length);
    }

    /** Memory and primitives for one worker. */
    ForwardLane lane() {
        return new Lane();
    }

    @Override
    public void close() {
        pointers.close();
    }

    private final class Lane implements ForwardLane {
        private final PointerScope own = new PointerScope().extend();
        private final stream queue;
        private final List<matmul> primitives = new ArrayList<>();
        private final List<IntMemoryMap> arguments = new ArrayList<>();
        private final InputRows inputs;
        private final FloatBuffer logits;

        Lane() {
            try {
                queue = new stream(cpu);
                memory source = new memory(stages.get(0).description.src_desc(), cpu);
                inputs = precision == Precision.BFLOAT16 ? new Bfloat16Rows(noise, source, rows) : new FloatRows(source, rows);
                for (Stage stage : stages) {
                    memory target = new memory(stage.description.dst_desc(), cpu);
                    IntMemoryMap map = new IntMemoryMap();
                    map.put(DNNL_ARG_SRC, source);
                    map.put(DNNL_ARG_WEIGHTS, stage.weight);
                    map.put(DNNL_ARG_BIAS, stage.bias);
                    map.put(DNNL_ARG_DST, target);
                    map.put(DNNL_ARG_SCRATCHPAD, new memory(stage.description.scratchpad_desc(), cpu));
                    primitives.add(new matmul(stage.description));
                    arguments.add(map);
                    source = target;
                }
                long bytes = stages.get(stages.size() - 1).description.dst_desc().get_size();
                logits = new FloatPointer(source.get_data_handle()).capacity(bytes / Float.BYTES).asBuffer();
            } finally {
                own.close();
            }
        }

        @Override
        public Precision precision() {
            return precision;
        }

        @Override
        public void setInput(int at, float[] x, float[] z, float sigma) {
            inputs.set(at, x, z, sigma);
        }

        @Override
        public void run() {
            for (int i = 0; i < primitives.size(); ++i) {
                primitives.get(i).execute(queue, arguments.get(i));
            }
            queue._wait();
        }

        @Override
        public void logits(float[] target) {
            logits.get(0, target);
        }

        @Override
        public void close() {
            own.close();
        }
    }

    /** The first layer's input memory; rows that a padded chunk leaves alone are zero from the start. */
    private interface InputRows {
        void set(int row, float[] x, float[] z, float sigma);
    }

    private static final class FloatRows implements InputRows {
        private final FloatBuffer target;
        private final float[] row;

        FloatRows(memory source, int rows) {
            long length = source.get_desc().get_size() / Float.BYTES;
            target = new FloatPointer(source.get_data_handle()).capacity(length).asBuffer();
            row = new float[(int) length / rows];
            target.put(0, new float[(int) length]);
        }

        @Override
        public void set(int at, float[] x, float[] z, float sigma) {
            for (int e = 0; e < row.length; ++e) {
                row[e] = Math.fma(sigma, z[e], x[e]);
            }
            target.put(at * row.length, row);
        }
    }

    private static final class Bfloat16Rows implements InputRows {
        private final NoiseRows noise;
        private final ShortBuffer target;
        private final short[] row;

        Bfloat16Rows(NoiseRows noise, memory source, int rows) {
            this.noise = noise;
            long length = source.get_desc().get_size() / Short.BYTES;
            target = new ShortPointer(source.get_data_handle()).capacity(length).asBuffer();
            row = new short[(int) length / rows];
            target.put(0, new short[(int) length]);
        }

        @Override
        public void set(int at, float[] x, float[] z, float sigma) {
            noise.scaledSum(x, z, sigma, row.length, row);
            target.put(at * row.length, row);
        }
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.NoisyClassifier.Precision;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.PointerScope;

/**
 * Weights packed once for oneDNN's products; sums and logits are float.
 *
 * <p>In bf16, inputs, weights and hidden activations are rounded to it: that rounding is part of the base classifier.
 */
final class PackedNetwork implements AutoCloseable {

    /** What becomes of a NaN on its way. */
    enum Overflow {
        /** It may become 0: ReLUs are oneDNN's, fused into its products, and what lies outside receptive fields is left out. */
        EXCLUDED,
        /** It reaches the logits: every product is taken, and ReLUs are passes of their own. */
        KEPT
    }

    /** Extended once: leaving the constructor ends its reach, {@link #close} frees what it holds. */
    private final PointerScope pointers = new PointerScope().extend();
    private final NoiseRows noise;
    private final engine cpu;
    private final int inputs;
    private final List<PackedProduct> products = new ArrayList<>();
    private final int rows;
    private final Precision precision;
    private final Overflow overflow;
    private final memory.data_type type;

    /** @param precision {@code FLOAT32} or, where {@link #hasBfloat16}, {@code BFLOAT16} */
    PackedNetwork(NoiseRows noise, List<Affine> layers, int rows, Precision precision, Overflow overflow) {
        this.noise = noise;
        this.precision = precision;
        this.overflow = overflow;
        this.type = precision == Precision.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
        this.rows = rows;
        this.inputs = layers.get(0).in();
        try {
            cpu = new engine(engine.kind.cpu, 0);
            for (int i = 0; i < layers.size(); ++i) {
                boolean hidden = i < layers.size() - 1;
                var types = new PackedProduct.Types(type, hidden ? type : memory.data_type.f32);
                products.add(overflow == Overflow.KEPT
                        ? PackedProduct.forwardWithZeros(cpu, layers.get(i), rows, types)
                        : PackedProduct.forward(cpu, layers.get(i), rows, types, hidden));
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
        private final List<Runnable> steps = new ArrayList<>();
        private final InputRows inputs;
        private final FloatBuffer logits;

        Lane() {
            try {
                queue = new stream(cpu);
                memory values = new memory(PackedProduct.matrix(rows, PackedNetwork.this.inputs, type), cpu);
                inputs = InputRows.of(values, rows, noise);
                for (int i = 0; i < products.size(); ++i) {
                    values = products.get(i).appendTo(
                            (primitive, arguments) -> steps.add(() -> primitive.execute(queue, arguments)), values);
                    if (overflow == Overflow.KEPT && i < products.size() - 1) {
                        steps.add(relu(values));
                    }
                }
                logits = DnnMemory.floats(values);
            } finally {
                own.close();
            }
        }

        private Runnable relu(memory values) {
            if (precision == Precision.BFLOAT16) {
                ShortBuffer elements = DnnMemory.halves(values);
                return () -> {
                    queue._wait();
                    BiasRelu.relu(elements, elements.capacity());
                };
            }
            FloatBuffer elements = DnnMemory.floats(values);
            return () -> {
                queue._wait();
                BiasRelu.relu(elements, elements.capacity());
            };
        }

        @Override
        public void setInput(int at, float[] x, float[] z, float sigma) {
            inputs.set(at, x, z, sigma);
        }

        @Override
        public void run() {
            steps.forEach(Runnable::run);
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
}

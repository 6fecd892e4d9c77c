package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.cpu.OneDnnMatmul.After;
import dev.bulwark.device.cpu.OneDnnMatmul.Shape;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * oneDNN's products of factors rounded to bf16, with float sums: for training on processors that multiply bf16 natively,
 * and for nothing that a certificate rests on.
 *
 * <p>A factor is rounded by all workers when it is first used after a change: a step's weights, activations and gradients
 * enter two or three products each.
 */
final class Bfloat16Products implements SharedProducts {

    /** Elements that are rounded together, times a number: few lengths, so few primitives. */
    private static final int GRAIN = 4096;

    private final Workers workers;
    private final OneDnnMatmul matmul = new OneDnnMatmul(memory.data_type.bf16);
    private final ThreadLocal<Rounder> rounders = ThreadLocal.withInitial(Rounder::new);

    Bfloat16Products(Workers workers) {
        this.workers = workers;
    }

    @Override
    public String name() {
        return new OneDnnProducts().name() + ", factors in bf16";
    }

    /** {@inheritDoc} Beta is 0 or 1. */
    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k,
                         DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c) {
        if (beta != 0f && beta != 1f) {
            throw new IllegalArgumentException("beta is 0 or 1, not " + beta);
        }
        ShortBuffer left = rounded(a, (long) m * k);
        ShortBuffer right = rounded(b, (long) k * n);
        FloatBuffer result = CpuMemory.floatsToWrite(c.require("c", (long) m * n));
        int lda = transposeA ? m : k;
        int ldb = transposeB ? k : n;
        After after = beta == 1f ? After.ADDED_TO_TARGET : After.NOTHING;
        if (m >= n) {
            workers.split(m, (from, count) -> run(
                    new Shape(transposeA, transposeB, count, n, k, lda, ldb, n, after),
                    tail(left, transposeA ? from : from * k), right, null, tail(result, from * n)));
        } else {
            workers.split(n, (from, count) -> run(
                    new Shape(transposeA, transposeB, m, count, k, lda, ldb, n, after),
                    left, tail(right, transposeB ? from * k : from), null, tail(result, from)));
        }
    }

    @Override
    public void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        int in = layer.in();
        int out = layer.out();
        ShortBuffer inputs = rounded(x, (long) rows * in);
        ShortBuffer weight = rounded(layer.weight(), (long) out * in);
        FloatBuffer bias = CpuMemory.floats(layer.bias());
        FloatBuffer outputs = CpuMemory.floatsToWrite(y.require("y", (long) rows * out));
        workers.split(rows, (from, count) -> {
            FloatBuffer part = tail(outputs, from * out);
            run(Shape.affine(count, out, in), tail(inputs, from * in), weight, bias, part);
            if (relu) {
                BiasRelu.relu(part, count * out);
            }
        });
    }

    private void run(Shape shape, ShortBuffer a, ShortBuffer b, FloatBuffer bias, FloatBuffer c) {
        try (ShortPointer left = new ShortPointer(a); ShortPointer right = new ShortPointer(b);
             FloatPointer offsets = new FloatPointer(bias == null ? c : bias); FloatPointer result = new FloatPointer(c)) {
            matmul.run(shape, left, right, offsets, result);
        }
    }

    private static FloatBuffer tail(FloatBuffer buffer, int from) {
        return buffer.slice(from, buffer.capacity() - from);
    }

    private static ShortBuffer tail(ShortBuffer buffer, int from) {
        return buffer.slice(from, buffer.capacity() - from);
    }

    private ShortBuffer rounded(DeviceBuffer x, long length) {
        return CpuMemory.bfloat16(x, length, (from, to) -> {
            int grains = (int) ((length + GRAIN - 1) / GRAIN);
            workers.split(grains, (first, count) -> {
                int at = first * GRAIN;
                int elements = Math.min(count * GRAIN, (int) length - at);
                rounders.get().round(from.slice(at, elements), to.slice(at, elements));
            });
        });
    }

    /** A thread's roundings to nearest, ties to even. */
    private static final class Rounder {
        private final engine cpu = new engine(engine.kind.cpu, 0);
        private final stream queue = new stream(cpu);
        private final Map<Integer, Step> steps = new HashMap<>();

        /** A length's primitive and the memory objects that it is pointed at the operands with. */
        private record Step(memory source, memory target, reorder primitive) {
        }

        void round(FloatBuffer from, ShortBuffer to) {
            Step step = steps.computeIfAbsent(from.capacity(), this::step);
            try (FloatPointer source = new FloatPointer(from); ShortPointer target = new ShortPointer(to)) {
                step.source.set_data_handle(source);
                step.target.set_data_handle(target);
                step.primitive.execute(queue, step.source, step.target);
                queue._wait();
            }
        }

        private Step step(int length) {
            memory source = new memory(vector(length, memory.data_type.f32), cpu, OneDnnMatmul.NOWHERE);
            memory target = new memory(vector(length, memory.data_type.bf16), cpu, OneDnnMatmul.NOWHERE);
            return new Step(source, target, new reorder(source, target));
        }

        private static memory.desc vector(int length, memory.data_type type) {
            return new memory.desc(new long[] {length}, type, memory.format_tag.a);
        }
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;

/** Float products: each worker multiplies a block of the result's rows, or of its columns where those are more. */
final class FloatProducts implements SharedProducts {

    private final Workers workers;
    private final Products blocks;

    FloatProducts(Workers workers, Products blocks) {
        this.workers = workers;
        this.blocks = blocks;
    }

    @Override
    public String name() {
        return blocks.name();
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k,
                         DeviceBuffer a, DeviceBuffer b, float beta, DeviceBuffer c) {
        FloatBuffer left = CpuMemory.floats(a.require("a", (long) m * k));
        FloatBuffer right = CpuMemory.floats(b.require("b", (long) k * n));
        FloatBuffer result = CpuMemory.floatsToWrite(c.require("c", (long) m * n));
        int lda = transposeA ? m : k;
        int ldb = transposeB ? k : n;
        if (m >= n) {
            workers.split(m, (from, count) -> blocks.multiply(transposeA, transposeB, count, n, k,
                    tail(left, transposeA ? from : (long) from * k), lda, right, ldb, beta,
                    tail(result, (long) from * n), n));
        } else {
            workers.split(n, (from, count) -> blocks.multiply(transposeA, transposeB, m, count, k, left, lda,
                    tail(right, transposeB ? (long) from * k : from), ldb, beta, tail(result, from), n));
        }
    }

    @Override
    public void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        int in = layer.in();
        int out = layer.out();
        FloatBuffer inputs = CpuMemory.floats(x.require("x", (long) rows * in));
        FloatBuffer outputs = CpuMemory.floatsToWrite(y.require("y", (long) rows * out));
        FloatBuffer weight = CpuMemory.floats(layer.weight());
        FloatBuffer bias = CpuMemory.floats(layer.bias());
        workers.split(rows, (from, count) -> blocks.affine(count, out, in, tail(inputs, (long) from * in), weight, bias, relu,
                tail(outputs, (long) from * out)));
    }

    private static FloatBuffer tail(FloatBuffer buffer, long from) {
        return buffer.slice((int) from, buffer.capacity() - (int) from);
    }
}

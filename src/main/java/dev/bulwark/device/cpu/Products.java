package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;

/** Single-threaded float matrix products on row-major native memory; safe to call from many threads at once. */
interface Products {

    /** Library and version, for provenance. */
    String name();

    /**
     * {@code c = op(a) op(b) + beta c}, op(a) {@code [m,k]}, op(b) {@code [k,n]}.
     *
     * @param a   starts at its first element; {@code lda} elements from row to row as stored
     * @param ldc elements from row to row of c, at least n: c may be a block of a wider matrix
     */
    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, FloatBuffer a, int lda,
                  FloatBuffer b, int ldb, float beta, FloatBuffer c, int ldc);

    /** {@code y = x W^T + b}, then {@code max(y, 0)} where {@code relu}; x {@code [rows,in]}, y {@code [rows,out]}. */
    default void affine(int rows, int out, int in, FloatBuffer x, FloatBuffer weight, FloatBuffer bias, boolean relu,
                        FloatBuffer y) {
        multiply(false, true, rows, out, in, x, in, weight, in, 0f, y, out);
        float[] offsets = new float[out];
        bias.get(0, offsets);
        BiasRelu.apply(y, rows, offsets, relu);
    }

    /** {@code y = x W^T} of {@code rows} rows; W is {@code [out,in]}. The caller closes it. */
    default PreparedProduct prepare(int rows, int out, int in, float[] weight) {
        FloatBuffer kept = CpuMemory.scratch(weight.length).put(0, weight);
        return () -> {
            FloatBuffer x = CpuMemory.scratch(rows * in);
            FloatBuffer y = CpuMemory.scratch(rows * out);
            return new PreparedProduct.Plain(x, y, () -> multiply(false, true, rows, out, in, x, in, kept, in, 0f, y, out));
        };
    }
}

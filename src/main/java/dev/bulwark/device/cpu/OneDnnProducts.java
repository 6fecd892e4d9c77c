package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.dnnl_sgemm;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import dev.bulwark.device.cpu.OneDnnMatmul.Shape;
import java.nio.FloatBuffer;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/** oneDNN's single-precision product, called by each worker on its own block (OMP_NUM_THREADS=1 keeps it to one thread). */
final class OneDnnProducts implements Products {

    private final OneDnnMatmul matmul = new OneDnnMatmul(memory.data_type.f32);

    @Override
    public String name() {
        dnnl_version_t version = dnnl.dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch();
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, FloatBuffer a, int lda,
                         FloatBuffer b, int ldb, float beta, FloatBuffer c, int ldc) {
        int status = dnnl_sgemm(letter(transposeA), letter(transposeB), m, n, k, 1f, a, lda, b, ldb, beta, c, ldc);
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN sgemm [" + m + "," + n + "," + k + "] failed with status " + status);
        }
    }

    private static byte letter(boolean transposed) {
        return (byte) (transposed ? 'T' : 'N');
    }

    /** {@inheritDoc} The bias is added while the sums are still in registers. */
    @Override
    public void affine(int rows, int out, int in, FloatBuffer x, FloatBuffer weight, FloatBuffer bias, boolean relu,
                       FloatBuffer y) {
        try (FloatPointer left = new FloatPointer(x); FloatPointer right = new FloatPointer(weight);
             FloatPointer offsets = new FloatPointer(bias); FloatPointer result = new FloatPointer(y)) {
            matmul.run(Shape.affine(rows, out, in), left, right, offsets, result);
        }
        if (relu) {
            BiasRelu.relu(y, rows * out);
        }
    }

    @Override
    public PreparedProduct prepare(int rows, int out, int in, float[] weight) {
        return new PackedWeight(rows, out, in, weight);
    }
}

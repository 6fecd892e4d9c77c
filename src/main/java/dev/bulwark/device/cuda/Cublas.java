package dev.bulwark.device.cuda;

import static jcuda.driver.JCudaDriver.cuThreadExchangeStreamCaptureMode;
import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasGetVersion;
import static jcuda.jcublas.JCublas2.cublasSetMathMode;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;
import static jcuda.jcublas.JCublas2.cublasSgemm;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.Elementwise;
import dev.bulwark.device.ProductPrecision;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * Matrix products by cuBLAS, on the backend's stream and with a workspace of their own: with one stream a handle, cuBLAS
 * gives the same bits on every run, and inside a capture it has nothing to allocate.
 */
final class Cublas implements MatrixProduct, AutoCloseable {

    /** What NVIDIA advises for Hopper; earlier GPUs need less. */
    private static final long WORKSPACE_BYTES = 32L << 20;

    private final CudaMemory memory;
    private final ProductPrecision precision;
    private final ProductFinish finish;
    private final Elementwise elementwise;
    private final cublasHandle handle = new cublasHandle();
    private final DeviceBuffer workspace;
    private final int version;

    /**
     * {@link CublasLibrary#load} comes first.
     *
     * @throws DeviceException if cuBLAS can't be used on this GPU
     */
    Cublas(CudaMemory memory, ProductPrecision precision, ProductFinish finish, Elementwise elementwise) {
        this.memory = memory;
        this.precision = precision;
        this.finish = finish;
        this.elementwise = elementwise;
        memory.gpu().makeCurrent();
        check("cublasCreate", cublasCreate(handle));
        DeviceBuffer space = null;
        try {
            int[] number = new int[1];
            check("cublasGetVersion", cublasGetVersion(handle, number));
            version = number[0];
            check("cublasSetMathMode", cublasSetMathMode(handle, precision == ProductPrecision.TF32
                    ? cublasMath.CUBLAS_TF32_TENSOR_OP_MATH : cublasMath.CUBLAS_DEFAULT_MATH));
            check("cublasSetStream", cublasSetStream(handle, new cudaStream_t(memory.gpu().stream())));
            space = memory.scratch(WORKSPACE_BYTES / Float.BYTES);
            // After the stream: setting that one takes the workspace away.
            check("cublasSetWorkspace", cublasSetWorkspace(handle, memory.pointer(space), WORKSPACE_BYTES));
            workspace = space;
        } catch (RuntimeException e) {
            cublasDestroy(handle);
            if (space != null) {
                space.close();
            }
            throw e;
        }
    }

    @Override
    public String description() {
        return "cuBLAS " + version / 10_000 + "." + version % 10_000 / 100 + ", " + precision;
    }

    /** cuBLAS counts along columns: its c^T = op(b)^T op(a)^T is c along rows, and nothing has to be moved. */
    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b,
                         float beta, DeviceBuffer c) {
        memory.gpu().makeCurrent();
        int mode = exchangeCaptureMode(CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED);
        try {
            check("cublasSgemm", cublasSgemm(handle, operation(transposeB), operation(transposeA), n, m, k,
                    Pointer.to(new float[] {1f}), memory.pointer(b), Math.max(1, transposeB ? k : n),
                    memory.pointer(a), Math.max(1, transposeA ? m : k),
                    Pointer.to(new float[] {beta}), memory.pointer(c), n));
        } finally {
            exchangeCaptureMode(mode);
        }
    }

    @Override
    public void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        multiply(false, true, rows, layer.out(), layer.in(), x, layer.weight(), 0f, y);
        finish.affine(y, 1, layer, relu, y, rows);
    }

    @Override
    public PartialSums sums(boolean transposeA, boolean transposeB, Factors f) {
        DeviceBuffer b = f.magnitudes().orElse(f.b());
        f.magnitudes().ifPresent(space -> elementwise.absolute(f.b(), (long) f.k() * f.n(), space));
        multiply(transposeA, transposeB, f.m(), f.n(), f.k(), f.a(), b, 0f, f.c());
        return new PartialSums(f.c(), 1);
    }

    @Override
    public List<PartialSums> sums(boolean transposeA, boolean transposeB, Factors first, Factors second) {
        return List.of(sums(transposeA, transposeB, first), sums(transposeA, transposeB, second));
    }

    /** Every result is whole, and lies where it belongs. */
    @Override
    public Optional<List<PartialSums>> back(List<Factors> parameters, List<Factors> inputs) {
        return Optional.of(Stream.concat(parameters.stream().map(factors -> sums(true, false, factors)),
                inputs.stream().map(factors -> sums(false, false, factors))).toList());
    }

    /** A product's first call loads its kernel, which a strict capture in this thread would refuse. */
    private static int exchangeCaptureMode(int mode) {
        int[] modes = {mode};
        Driver.check("cuThreadExchangeStreamCaptureMode", cuThreadExchangeStreamCaptureMode(modes));
        return modes[0];
    }

    private static int operation(boolean transpose) {
        return transpose ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }

    private static void check(String call, int status) {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new DeviceException(call + " failed: " + cublasStatus.stringFor(status));
        }
    }

    @Override
    public void close() {
        memory.gpu().makeCurrent();
        cublasDestroy(handle);
        workspace.close();
    }
}

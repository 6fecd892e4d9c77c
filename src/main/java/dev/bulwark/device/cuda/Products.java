package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.Elementwise;
import dev.bulwark.device.Linear;
import dev.bulwark.device.ProductPrecision;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Matrix products: checks operands, and has one {@link MatrixProduct} compute. */
final class Products implements Linear, AutoCloseable {

    private final MatrixProduct product;
    /** For certificates, whose account of rounding is about fp32 sums; what libraries do may depend on their environment. */
    private final ProductKernels ownFloats;
    private final int multiprocessors;
    private final ProductFinish finish;
    private final DeviceBuffer scratch;
    /** Why cuBLAS does not compute; empty if it does. */
    private final Optional<String> withoutCublas;
    /** What {@link #product} works with. */
    private final Opened opened = new Opened();

    /**
     * @param module  the kernels of products.cu
     * @param modules opens the kernels of another source by its name, and closes them after this
     */
    Products(CudaMemory memory, CudaOptions options, Elementwise elementwise, KernelModule module,
             Function<String, KernelModule> modules) {
        finish = new ProductFinish(module);
        Optional<String> whyNot = options.cublas() ? CublasLibrary.load() : Optional.of("turned off");
        MatrixProduct found = null;
        if (whyNot.isEmpty()) {
            try {
                Cublas cublas = new Cublas(memory, options.products(), finish, elementwise);
                opened.add(cublas);
                found = cublas;
            } catch (DeviceException e) { // optional: own kernels do the work, and info() says why
                whyNot = Optional.of(e.getMessage());
            }
        }
        withoutCublas = whyNot;
        multiprocessors = memory.gpu().multiprocessors();
        try {
            // Allocated here once: a recorded sequence may not allocate. Operations are in order, so one is enough.
            scratch = memory.scratch(ProductPlan.scratchLength(multiprocessors));
            opened.add(scratch);
            ownFloats = new ProductKernels(ProductPrecision.FLOAT32, module, multiprocessors, scratch, finish,
                    elementwise);
            product = found != null ? found : options.products() == ProductPrecision.FLOAT32 ? ownFloats
                    : new ProductKernels(options.products(), modules.apply("products_tf32"), multiprocessors, scratch,
                            finish, elementwise);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What computes products and, if that is not cuBLAS, why. */
    Map<String, String> libraries() {
        Map<String, String> libraries = new HashMap<>(Map.of(DeviceInfo.PRODUCTS, product.description()));
        withoutCublas.ifPresent(reason -> libraries.put("cuBLAS", DeviceInfo.NOT_USED + reason));
        return libraries;
    }

    /** Relaxations that count in this object's room for partial sums. */
    CudaReluRelaxations reluRelaxations(KernelModule module) {
        return new CudaReluRelaxations(module, scratch);
    }

    /** Convolutions that share this object's room for partial sums. */
    CudaConvolutions convolutions(KernelModule module) {
        return new CudaConvolutions(multiprocessors, module, finish, scratch);
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b,
                         float beta, DeviceBuffer c) {
        a.require("a", (long) m * k);
        b.require("b", (long) k * n);
        c.require("c", (long) m * n);
        if (m > 0 && n > 0) {
            product.multiply(transposeA, transposeB, m, n, k, a, b, beta, c);
        }
    }

    @Override
    public void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        x.require("x", (long) rows * layer.in());
        y.require("y", (long) rows * layer.out());
        if (rows > 0 && layer.out() > 0) {
            product.affine(x, rows, layer, relu, y);
        }
    }

    /** Products that leave their results in parts. */
    MatrixProduct matrixProduct() {
        return product;
    }

    /** This project's own, in fp32, for certificates. */
    MatrixProduct floats() {
        return ownFloats;
    }

    @Override
    public void close() {
        opened.close();
    }
}

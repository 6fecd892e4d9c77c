package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.cuda.CudaOptions.ProductPrecision;
import java.util.Map;
import java.util.function.Function;

/** Matrix products and sums of columns: checks operands, and has one {@link MatrixProduct} compute. */
final class Products implements AutoCloseable {

    private static final int COLUMNS_OF_A_BLOCK = 32;
    private static final int THREADS_OF_COLUMN_SUMS = 1024;

    private final DeviceBuffer scratch;
    private final Kernel columnSums;
    private final MatrixProduct product;

    /** @param modules opens the kernels of a source by its name, and closes them after this */
    Products(CudaMemory memory, CudaOptions options, Function<String, KernelModule> modules) {
        KernelModule module = modules.apply("products");
        KernelModule sums = options.products() == ProductPrecision.TF32 ? modules.apply("products_tf32") : module;
        int multiprocessors = memory.gpu().multiprocessors();
        columnSums = module.kernel("column_sums");
        // Allocated here once: a recorded sequence may not allocate. Operations are in order, so one is enough.
        scratch = memory.scratch(ProductPlan.scratchLength(multiprocessors));
        try {
            product = new ProductKernels(options.products(), sums, multiprocessors, scratch, new ProductFinish(module));
        } catch (RuntimeException e) {
            scratch.close();
            throw e;
        }
    }

    /** What computes products, and what could not. */
    Map<String, String> libraries() {
        return Map.of("products", product.description());
    }

    void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b, float beta,
                  DeviceBuffer c) {
        a.require("a", (long) m * k);
        b.require("b", (long) k * n);
        c.require("c", (long) m * n);
        if (m > 0 && n > 0) {
            product.multiply(transposeA, transposeB, m, n, k, a, b, beta, c);
        }
    }

    void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        x.require("x", (long) rows * layer.in());
        y.require("y", (long) rows * layer.out());
        if (rows > 0 && layer.out() > 0) {
            product.affine(x, rows, layer, relu, y);
        }
    }

    void columnSums(DeviceBuffer x, int rows, int columns, float beta, DeviceBuffer sums) {
        x.require("x", (long) rows * columns);
        sums.require("sums", columns);
        if (columns > 0) {
            int blocks = (columns - 1) / COLUMNS_OF_A_BLOCK + 1;
            columnSums.launch(Grid.blocks(blocks, 1, THREADS_OF_COLUMN_SUMS), x, rows, columns, beta, sums);
        }
    }

    @Override
    public void close() {
        scratch.close();
    }
}

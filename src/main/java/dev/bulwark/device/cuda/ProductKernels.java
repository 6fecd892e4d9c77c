package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.ProductPrecision;
import java.util.Locale;

/** Matrix products by this project's own kernels, in one precision: products.cu or products_tf32.cu. */
final class ProductKernels implements MatrixProduct {

    private static final int THREADS = 256;
    private static final String[] TRANSPOSES = {"nn", "tn", "nt", "tt"};

    private final ProductPrecision precision;
    private final int multiprocessors;
    private final DeviceBuffer scratch;
    private final ProductFinish finish;
    private final Tiles small;
    private final Tiles large;

    /** The kernels of one tile size, {@code multiply} in the order of {@link #TRANSPOSES}. */
    private record Tiles(Kernel[] multiply, Kernel affine) {

        static Tiles of(KernelModule module, ProductPrecision precision, int side) {
            String suffix = "_" + precision.toString().toLowerCase(Locale.ROOT) + "_" + side;
            Kernel[] multiply = new Kernel[TRANSPOSES.length];
            for (int i = 0; i < multiply.length; ++i) {
                multiply[i] = module.kernel("multiply_" + TRANSPOSES[i] + suffix);
            }
            return new Tiles(multiply, module.kernel("affine" + suffix));
        }
    }

    /** @param scratch for {@link ProductPlan#scratchLength} elements */
    ProductKernels(ProductPrecision precision, KernelModule module, int multiprocessors, DeviceBuffer scratch,
                   ProductFinish finish) {
        this.precision = precision;
        this.multiprocessors = multiprocessors;
        this.scratch = scratch;
        this.finish = finish;
        this.small = Tiles.of(module, precision, ProductPlan.SMALL);
        this.large = Tiles.of(module, precision, ProductPlan.LARGE);
    }

    @Override
    public String description() {
        return "own kernels, " + precision;
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b,
                         float beta, DeviceBuffer c) {
        int transposes = (transposeA ? 1 : 0) + (transposeB ? 2 : 0);
        ProductPlan plan = plan(m, n, k);
        if (plan.parts() == 1) {
            sums(plan, transposes, m, n, k, a, b, beta, c);
        } else {
            sums(plan, transposes, m, n, k, a, b, 0f, scratch);
            finish.multiply(scratch, plan.parts(), beta, c, (long) m * n);
        }
    }

    @Override
    public void affine(DeviceBuffer x, int rows, Affine layer, boolean relu, DeviceBuffer y) {
        ProductPlan plan = plan(rows, layer.out(), layer.in());
        if (plan.parts() == 1) {
            tiles(plan).affine.launch(grid(plan), x, layer.weight(), layer.bias(), y, rows, layer.out(), layer.in(),
                    relu ? 1 : 0);
        } else {
            int transposes = 2; // x W^T
            sums(plan, transposes, rows, layer.out(), layer.in(), x, layer.weight(), 0f, scratch);
            finish.affine(scratch, plan.parts(), layer, relu, y, rows);
        }
    }

    /** {@code target = sums + beta target}, for each of the plan's parts of k: target {@code [parts,m,n]}. */
    private void sums(ProductPlan plan, int transposes, int m, int n, int k, DeviceBuffer a, DeviceBuffer b, float beta,
                      DeviceBuffer target) {
        tiles(plan).multiply[transposes].launch(grid(plan), a, b, target, m, n, k, plan.chunk(), beta);
    }

    private ProductPlan plan(int m, int n, int k) {
        return ProductPlan.of(m, n, k, multiprocessors);
    }

    private Tiles tiles(ProductPlan plan) {
        return plan.side() == ProductPlan.LARGE ? large : small;
    }

    private static Grid grid(ProductPlan plan) {
        return new Grid(plan.tiles(), 1, plan.parts(), THREADS, 0);
    }
}

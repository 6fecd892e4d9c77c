package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Elementwise;
import dev.bulwark.device.ProductPrecision;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Matrix products by this project's own kernels, in one precision: products.cu or products_tf32.cu. */
final class ProductKernels implements MatrixProduct {

    private static final int THREADS = 256;
    private static final String[] TRANSPOSES = {"nn", "tn", "nt", "tt"};
    /** Nothing asks for two products with both operands transposed. */
    private static final int TRANSPOSES_OF_TWO = 3;

    private final ProductPrecision precision;
    private final int multiprocessors;
    private final DeviceBuffer scratch;
    private final ProductFinish finish;
    private final Elementwise elementwise;
    private final Tiles small;
    private final Tiles large;
    /** Two products at once, in small tiles, in the order of {@link #TRANSPOSES}. */
    private final Kernel[] two = new Kernel[TRANSPOSES.length];
    private final Kernel back;

    /** The kernels of one tile size, {@code multiply} in the order of {@link #TRANSPOSES}. */
    private record Tiles(Kernel[] multiply, Kernel affine) {

        static Tiles of(KernelModule module, ProductPrecision precision, int side) {
            String suffix = suffix(precision, side);
            Kernel[] multiply = new Kernel[TRANSPOSES.length];
            for (int i = 0; i < multiply.length; ++i) {
                multiply[i] = module.kernel("multiply_" + TRANSPOSES[i] + suffix);
            }
            return new Tiles(multiply, module.kernel("affine" + suffix));
        }
    }

    private static String suffix(ProductPrecision precision, int side) {
        return "_" + precision.toString().toLowerCase(Locale.ROOT) + "_" + side;
    }

    /** @param scratch for {@link ProductPlan#scratchLength} elements */
    ProductKernels(ProductPrecision precision, KernelModule module, int multiprocessors, DeviceBuffer scratch,
                   ProductFinish finish, Elementwise elementwise) {
        this.precision = precision;
        this.multiprocessors = multiprocessors;
        this.scratch = scratch;
        this.finish = finish;
        this.elementwise = elementwise;
        this.small = Tiles.of(module, precision, ProductPlan.SMALL);
        this.large = Tiles.of(module, precision, ProductPlan.LARGE);
        for (int i = 0; i < TRANSPOSES_OF_TWO; ++i) {
            two[i] = module.kernel("multiply_two_" + TRANSPOSES[i] + suffix(precision, ProductPlan.SMALL));
        }
        back = module.kernel("multiply_back" + suffix(precision, ProductPlan.SMALL));
    }

    @Override
    public String description() {
        return "own kernels, " + precision;
    }

    @Override
    public void multiply(boolean transposeA, boolean transposeB, int m, int n, int k, DeviceBuffer a, DeviceBuffer b,
                         float beta, DeviceBuffer c) {
        int transposes = transposes(transposeA, transposeB);
        ProductPlan plan = plan(m, n, k);
        if (plan.parts() == 1) {
            sums(plan, transposes, m, n, k, a, b, beta, c);
        } else {
            sums(plan, transposes, m, n, k, a, b, 0f, scratch);
            finish.multiply(scratch, plan.parts(), beta, c, (long) m * n);
        }
    }

    private static int transposes(boolean a, boolean b) {
        return (a ? 1 : 0) + (b ? 2 : 0);
    }

    @Override
    public PartialSums sums(boolean transposeA, boolean transposeB, Factors f) {
        ProductPlan plan = plan(f.m(), f.n(), f.k());
        DeviceBuffer b = f.magnitudes().map(space -> magnitudes(f, space)).orElse(f.b());
        DeviceBuffer target = plan.parts() == 1 ? f.c() : scratch;
        sums(plan, transposes(transposeA, transposeB), f.m(), f.n(), f.k(), f.a(), b, 0f, target);
        return new PartialSums(target, plan.parts());
    }

    private DeviceBuffer magnitudes(Factors f, DeviceBuffer space) {
        elementwise.absolute(f.b(), (long) f.k() * f.n(), space);
        return space;
    }

    @Override
    public List<PartialSums> sums(boolean transposeA, boolean transposeB, Factors first, Factors second) {
        Optional<Together> plan = Together.of(List.of(first, second), multiprocessors, scratch);
        if (plan.isEmpty()) { // one at least has large tiles and one part: the other has the scratch for itself
            return List.of(sums(transposeA, transposeB, first), sums(transposeA, transposeB, second));
        }
        Launch launch = new Launch();
        launch.add(first, plan.get(), 0);
        launch.addEnd();
        launch.add(second, plan.get(), 1);
        launch.addMagnitudes(second);
        two[transposes(transposeA, transposeB)].launch(launch.grid(), launch.arguments());
        return plan.get().sums();
    }

    @Override
    public Optional<List<PartialSums>> back(List<Factors> parameters, List<Factors> inputs) {
        List<Factors> all = Stream.concat(parameters.stream(), inputs.stream()).toList();
        Optional<Together> plan = Together.of(all, multiprocessors, scratch);
        plan.ifPresent(together -> {
            Launch launch = new Launch();
            int next = 0;
            for (List<Factors> pair : List.of(parameters, inputs)) {
                for (int i = 0; i < 2; ++i) {
                    if (i < pair.size()) {
                        launch.add(pair.get(i), together, next++);
                    } else {
                        launch.addNothing(pair.get(0));
                    }
                    if (pair == parameters || i == 0) {
                        launch.addEnd();
                    }
                }
            }
            launch.addMagnitudes(inputs.get(inputs.size() - 1));
            back.launch(launch.grid(), launch.arguments());
        });
        return plan.map(Together::sums);
    }

    /**
     * How products share a launch, and where each leaves its sums: in the scratch, one after the other, or where they
     * belong.
     */
    private record Together(List<ProductPlan> plans, List<PartialSums> sums) {

        static Optional<Together> of(List<Factors> products, int multiprocessors, DeviceBuffer scratch) {
            return ProductPlan.of(products, multiprocessors).map(plans -> {
                List<PartialSums> sums = new ArrayList<>();
                long used = 0;
                for (int i = 0; i < plans.size(); ++i) {
                    Factors f = products.get(i);
                    int parts = plans.get(i).parts();
                    long length = (long) parts * f.m() * f.n();
                    sums.add(new PartialSums(parts == 1 ? f.c() : scratch.slice(used, length), parts));
                    used += parts == 1 ? 0 : length;
                }
                return new Together(plans, sums);
            });
        }
    }

    /** Arguments of a kernel that takes several products, and its blocks. */
    private static final class Launch {
        private final List<Object> arguments = new ArrayList<>();
        private int blocks;

        void add(Factors f, Together together, int i) {
            ProductPlan plan = together.plans().get(i);
            arguments.addAll(List.of(f.a(), f.b(), together.sums().get(i).sums(), f.m(), f.n(), f.k(), plan.chunk()));
            blocks = Math.addExact(blocks, plan.blocks());
        }

        /** A product without blocks; {@code any} lends it its operands. */
        void addNothing(Factors any) {
            arguments.addAll(List.of(any.a(), any.b(), any.c(), any.m(), any.n(), any.k(), any.k()));
        }

        /** Where the blocks so far end. */
        void addEnd() {
            arguments.add(blocks);
        }

        void addMagnitudes(Factors last) {
            arguments.add(last.magnitudes().isPresent() ? 1 : 0);
        }

        Grid grid() {
            return Grid.blocks(blocks, 1, THREADS);
        }

        Object[] arguments() {
            return arguments.toArray();
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

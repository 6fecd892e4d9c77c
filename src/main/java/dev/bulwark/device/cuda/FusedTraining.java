package dev.bulwark.device.cuda;

import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.IntervalLayer.Spread;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.TrainingOperations;
import dev.bulwark.device.cuda.MatrixProduct.Factors;
import dev.bulwark.device.cuda.MatrixProduct.PartialSums;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Training steps in few kernels: a layer's products for points and radii go out together, and the kernel that adds up their
 * parts does all that follows element by element: interval_layers.cu. A launch costs more than most of these.
 */
final class FusedTraining implements TrainingOperations {

    private final Kernel affineBoxes;
    private final Kernel hiddenBoxes;
    private final Kernel penalisedBoxes;
    private final Kernel hiddenGradient;
    private final Kernel parameterGradient;
    private final Kernel layerGradient;

    private final MatrixProduct product;
    private final ColumnSums columnSums;
    private final CudaElementwise elementwise;
    private final CudaTrainingIntervals intervals;
    private final CudaLosses losses;
    private final CudaReductions reductions;
    private final CudaOptimisers optimisers;
    private final Tickets tickets;

    FusedTraining(KernelModule module, MatrixProduct product, ColumnSums columnSums, CudaElementwise elementwise,
                  CudaTrainingIntervals intervals, CudaLosses losses, CudaReductions reductions, CudaOptimisers optimisers,
                  Tickets tickets) {
        affineBoxes = module.kernel("affine_boxes");
        hiddenBoxes = module.kernel("hidden_boxes");
        penalisedBoxes = module.kernel("penalised_boxes");
        hiddenGradient = module.kernel("hidden_gradient");
        parameterGradient = module.kernel("parameter_gradient");
        layerGradient = module.kernel("layer_gradient");
        this.product = product;
        this.columnSums = columnSums;
        this.elementwise = elementwise;
        this.intervals = intervals;
        this.losses = losses;
        this.reductions = reductions;
        this.optimisers = optimisers;
        this.tickets = tickets;
    }

    @Override
    public void boxAround(DeviceBuffer images, DeviceBuffer epsilon, BoxRows boxes, Optional<MeanRadius> mean) {
        long length = boxes.boxElements();
        mean.ifPresentOrElse(of -> intervals.boxAround(images, length, epsilon, boxes.centre(), boxes.radius(), of),
                () -> intervals.boxAround(images, length, epsilon, boxes.centre(), boxes.radius()));
    }

    @Override
    public void forward(IntervalLayer layer, BoxRows x, BoxRows y) {
        if (!x.hasBoxes()) {
            product.affine(x.points(), x.rows(), layer.affine(), false, y.points());
            return;
        }
        List<PartialSums> sums = forwardProducts(layer, x, y);
        long points = (long) x.rows() * layer.out();
        long radii = (long) x.boxes() * layer.spreadRows();
        affineBoxes.launch(Grid.over(Math.max(points, radii)), sums.get(0).sums(),
                sums.get(0).parts(), sums.get(1).sums(), sums.get(1).parts(), layer.affine().bias(), layer.out(), points,
                radii, y.points(), y.radius().require("radius", radii));
    }

    /** {@code x W^T} and {@code r S^T}. */
    private List<PartialSums> forwardProducts(IntervalLayer layer, BoxRows x, BoxRows y) {
        Factors points = Factors.of(x.rows(), layer.out(), layer.in(), x.points(), layer.affine().weight(), y.points());
        if (layer.elided()) {
            losses.pairwiseDifferences(layer.affine().weight(), layer.out(), layer.in(), layer.magnitudes());
        }
        return product.sums(false, true, points, spread(layer, x.boxes(), layer.spreadRows(), layer.in(), x.radius(),
                y.radius()));
    }

    /** A product of radii, or of their gradients, with S. */
    private static Factors spread(IntervalLayer layer, int m, int n, int k, DeviceBuffer radius, DeviceBuffer target) {
        return layer.elided() ? Factors.of(m, n, k, radius, layer.magnitudes(), target)
                : new Factors(m, n, k, radius, layer.affine().weight(), target, Optional.of(layer.magnitudes()));
    }

    @Override
    public void forward(IntervalLayer layer, BoxRows x, Hidden hidden) {
        BoxRows before = hidden.before();
        BoxRows after = hidden.after();
        if (!x.hasBoxes()) {
            product.affine(x.points(), x.rows(), layer.affine(), true, after.points());
            return;
        }
        List<PartialSums> sums = forwardProducts(layer, x, before);
        long clean = (long) x.clean() * layer.out();
        long boxes = (long) x.boxes() * layer.out();
        if (hidden.penalty().isEmpty()) {
            hiddenBoxes.launch(Grid.over(clean + boxes), sums.get(0).sums(), sums.get(0).parts(),
                    sums.get(1).sums(), sums.get(1).parts(), clean, boxes, layer.affine().bias(), layer.out(),
                    before.points(), before.radius(), after.points(), after.radius());
        } else {
            Penalty penalty = hidden.penalty().get();
            penalisedBoxes.launch(Grid.ofPartialSums(clean + boxes), sums.get(0).sums(),
                    sums.get(0).parts(), sums.get(1).sums(), sums.get(1).parts(), clean, boxes, layer.affine().bias(),
                    layer.out(), before.points(), before.radius(),
                    after.points(), after.radius(), penalty.inputRadius(), penalty.tau(), penalty.weight(), penalty.loss(),
                    penalty.state(), tickets.partials(), tickets.tickets());
        }
    }

    @Override
    public void parameterGradient(IntervalLayer layer, BoxRows x, BoxRows gradient) {
        List<Factors> products = parameterProducts(layer, x, gradient);
        if (x.hasBoxes()) {
            List<PartialSums> sums = product.sums(true, false, products.get(0), products.get(1));
            parameterGradient.launch(parameterGrid(layer, x.rows()), parameterArguments(layer, x.rows(), gradient, sums));
            return;
        }
        PartialSums sums = product.sums(true, false, products.get(0));
        if (sums.parts() == 1) { // and it lies where it belongs
            columnSums.sum(gradient.points(), x.rows(), layer.out(), 0f, layer.gradient().bias());
        } else {
            parameterGradient.launch(parameterGrid(layer, x.rows()),
                    parameterArguments(layer, x.rows(), gradient, List.of(sums)));
        }
    }

    /** {@code gradient^T x}, for points and for radii. */
    private static List<Factors> parameterProducts(IntervalLayer layer, BoxRows x, BoxRows gradient) {
        Factors points = Factors.of(layer.out(), layer.in(), x.rows(), gradient.points(), x.points(),
                layer.gradient().weight());
        return x.hasBoxes() ? List.of(points, Factors.of(layer.spreadRows(), layer.in(), x.boxes(), gradient.radius(),
                x.radius(), layer.magnitudesGradient())) : List.of(points);
    }

    /** {@code gradient W}, for points and, with S, for radii. */
    private static List<Factors> inputProducts(IntervalLayer layer, BoxRows gradient, BoxRows gradientBelow) {
        Factors points = Factors.of(gradient.rows(), layer.in(), layer.out(), gradient.points(), layer.affine().weight(),
                gradientBelow.points());
        return gradient.hasBoxes() ? List.of(points, spread(layer, gradient.boxes(), layer.in(), layer.spreadRows(),
                gradient.radius(), gradientBelow.radius())) : List.of(points);
    }

    /** Of a layer whose inputs no dense layer made, or several steps read: rare enough for separate launches. */
    @Override
    public void inputGradient(IntervalLayer layer, BoxRows gradient, BoxRows below) {
        product.multiply(false, false, gradient.rows(), layer.in(), layer.out(), gradient.points(), layer.affine().weight(),
                0f, below.points());
        if (gradient.hasBoxes()) {
            if (!layer.elided()) { // else the way forward has left them
                elementwise.absolute(layer.affine().weight(), (long) layer.out() * layer.in(), layer.magnitudes());
            }
            product.multiply(false, false, gradient.boxes(), layer.in(), layer.spreadRows(), gradient.radius(),
                    layer.magnitudes(), 0f, below.radius());
        }
    }

    @Override
    public void backward(IntervalLayer layer, Hidden below, BoxRows gradient, BoxRows gradientBelow) {
        List<Factors> inputs = inputProducts(layer, gradient, gradientBelow);
        Optional<List<PartialSums>> all = product.back(parameterProducts(layer, below.after(), gradient), inputs);
        Grid inputGrid = Grid.over((long) gradient.rows() * layer.in());
        if (all.isEmpty()) {
            parameterGradient(layer, below.after(), gradient);
            List<PartialSums> sums = inputs.size() == 2 ? product.sums(false, false, inputs.get(0), inputs.get(1))
                    : List.of(product.sums(false, false, inputs.get(0)));
            hiddenGradient.launch(inputGrid, inputArguments(layer, below, gradient, gradientBelow, sums));
            return;
        }
        List<PartialSums> sums = all.get();
        int half = sums.size() / 2;
        Grid parameterGrid = parameterGrid(layer, gradient.rows());
        layerGradient.launch(Grid.blocks(Math.addExact(parameterGrid.x(), inputGrid.x()), 1, ColumnSums.THREADS),
                Stream.of(parameterArguments(layer, gradient.rows(), gradient, sums.subList(0, half)),
                        new Object[] {parameterGrid.x()},
                        inputArguments(layer, below, gradient, gradientBelow, sums.subList(half, sums.size())))
                        .flatMap(Stream::of).toArray());
    }

    private Grid parameterGrid(IntervalLayer layer, int rows) {
        return Grid.blocks(Math.addExact(elementBlocks(layer), columnSums.plan(rows, layer.out()).blocks()), 1,
                ColumnSums.THREADS);
    }

    private static int elementBlocks(IntervalLayer layer) {
        return Grid.over((long) layer.out() * layer.in()).x();
    }

    /** @param sums for points and, where there are boxes, for radii */
    private Object[] parameterArguments(IntervalLayer layer, int rows, BoxRows gradient, List<PartialSums> sums) {
        PartialSums points = sums.get(0);
        PartialSums radii = sums.size() == 2 ? sums.get(1) : new PartialSums(points.sums(), 0);
        return new Object[] {points.sums(), points.parts(), radii.sums(), radii.parts(), layer.elided() ? 1 : 0,
                layer.affine().weight(), layer.out(), layer.in(), layer.gradient().weight(), elementBlocks(layer),
                gradient.points(), (long) rows, columnSums.plan(rows, layer.out()).chunks(), layer.gradient().bias(),
                tickets.partials(), tickets.tickets()};
    }

    private static Object[] inputArguments(IntervalLayer layer, Hidden below, BoxRows gradient, BoxRows gradientBelow,
                                           List<PartialSums> sums) {
        PartialSums points = sums.get(0);
        PartialSums radii = sums.size() == 2 ? sums.get(1) : points; // of no boxes
        Optional<Penalty> penalty = below.penalty().filter(any -> gradient.hasBoxes());
        return new Object[] {points.sums(), points.parts(), radii.sums(), radii.parts(),
                (long) gradient.clean() * layer.in(), (long) gradient.boxes() * layer.in(), below.before().points(),
                below.before().radius(), below.after().points(), penalty.isPresent() ? 1 : 0,
                penalty.map(Penalty::state).orElse(points.sums()), gradientBelow.points(), gradientBelow.radius()};
    }

    @Override
    public void losses(BoxRows logits, DeviceBuffer labels, Spread spread, Optional<LossTerm> natural,
                       Optional<LossTerm> worst, LossScratch scratch, BoxRows gradient) {
        if (natural.isPresent() || worst.isPresent()) {
            losses.classLosses(logits, labels, spread == Spread.DIFFERENCES, natural, worst, gradient);
        }
    }

    @Override
    public void clip(DeviceBuffer gradient, long length, float norm, DeviceBuffer squares, DeviceBuffer factor) {
        reductions.clipFactor(gradient, length, norm, squares, factor);
    }

    @Override
    public void adam(DeviceBuffer parameters, DeviceBuffer gradient, long length, Adam rates, AdamState state,
                     Optional<Average> average) {
        average.ifPresentOrElse(of -> optimisers.adam(parameters, gradient, length, rates, state, of),
                () -> optimisers.adam(parameters, gradient, state.mean(), state.square(), length, rates.beta1(),
                        rates.beta2(), rates.tiny(), rates.weightDecay(), state.step(), state.factor()));
    }
}

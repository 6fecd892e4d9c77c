package dev.bulwark.device;

import dev.bulwark.device.IntervalLayer.Spread;
import java.util.Optional;

/** Training steps from a backend's separate operations: what fused kernels are measured against. */
public final class ComposedTrainingOperations implements TrainingOperations {

    private final Linear linear;
    private final Elementwise elementwise;
    private final Reductions reductions;
    private final Losses losses;
    private final TrainingIntervals intervals;
    private final Optimisers optimisers;
    private final Votes votes;
    private final BoxRelu relu;

    public ComposedTrainingOperations(Backend backend) {
        linear = backend.linear();
        elementwise = backend.elementwise();
        reductions = backend.reductions();
        losses = backend.losses();
        intervals = backend.trainingIntervals();
        optimisers = backend.optimisers();
        votes = backend.votes();
        relu = new BoxRelu(backend);
    }

    @Override
    public void boxAround(DeviceBuffer images, DeviceBuffer epsilon, BoxRows boxes, Optional<MeanRadius> mean) {
        intervals.boxAround(images, boxes.boxElements(), epsilon, boxes.centre(), boxes.radius());
        mean.ifPresent(of -> {
            reductions.sum(boxes.radius(), boxes.boxElements(), 0f, of.sum());
            linear.multiply(false, false, 1, 1, 1, of.sum(), of.weight(), 0f, of.mean());
        });
    }

    @Override
    public void forward(IntervalLayer layer, BoxRows x, BoxRows y) {
        linear.affine(x.points(), x.rows(), layer.affine(), false, y.points());
        if (x.hasBoxes()) {
            magnitudes(layer);
            linear.multiply(false, true, x.boxes(), layer.spreadRows(), layer.in(), x.radius(), layer.magnitudes(), 0f,
                    y.radius());
        }
    }

    private void magnitudes(IntervalLayer layer) {
        if (layer.elided()) {
            losses.pairwiseDifferences(layer.affine().weight(), layer.out(), layer.in(), layer.magnitudes());
        } else {
            elementwise.absolute(layer.affine().weight(), (long) layer.out() * layer.in(), layer.magnitudes());
        }
    }

    @Override
    public void forward(IntervalLayer layer, BoxRows x, Hidden hidden) {
        if (!x.hasBoxes()) {
            linear.affine(x.points(), x.rows(), layer.affine(), true, hidden.after().points());
            return;
        }
        forward(layer, x, hidden.before());
        relu.forward(hidden);
    }

    @Override
    public void parameterGradient(IntervalLayer layer, BoxRows x, BoxRows gradient) {
        Affine of = layer.gradient();
        linear.multiply(true, false, layer.out(), layer.in(), x.rows(), gradient.points(), x.points(), 0f, of.weight());
        reductions.columnSums(gradient.points(), x.rows(), layer.out(), 0f, of.bias());
        if (x.hasBoxes()) {
            linear.multiply(true, false, layer.spreadRows(), layer.in(), x.boxes(), gradient.radius(), x.radius(), 0f,
                    layer.magnitudesGradient());
            addMagnitudesGradient(layer);
        }
    }

    private void addMagnitudesGradient(IntervalLayer layer) {
        DeviceBuffer weight = layer.affine().weight();
        DeviceBuffer gradient = layer.gradient().weight();
        if (layer.elided()) {
            losses.pairwiseDifferencesGradient(weight, layer.magnitudesGradient(), layer.out(), layer.in(), gradient);
        } else {
            elementwise.addSigned(layer.magnitudesGradient(), weight, (long) layer.out() * layer.in(), gradient);
        }
    }

    @Override
    public void inputGradient(IntervalLayer layer, BoxRows gradient, BoxRows below) {
        linear.multiply(false, false, gradient.rows(), layer.in(), layer.out(), gradient.points(), layer.affine().weight(),
                0f, below.points());
        if (gradient.hasBoxes()) {
            linear.multiply(false, false, gradient.boxes(), layer.in(), layer.spreadRows(), gradient.radius(),
                    layer.magnitudes(), 0f, below.radius());
        }
    }

    @Override
    public void backward(IntervalLayer layer, Hidden below, BoxRows gradient, BoxRows gradientBelow) {
        parameterGradient(layer, below.after(), gradient);
        inputGradient(layer, gradient, gradientBelow);
        relu.backward(below, gradientBelow);
    }

    @Override
    public void losses(BoxRows logits, DeviceBuffer labels, Spread spread, Optional<LossTerm> natural,
                       Optional<LossTerm> worst, LossScratch scratch, BoxRows gradient) {
        natural.ifPresent(term -> naturalLoss(logits, labels, term, scratch, gradient));
        worst.ifPresent(term -> worstCaseLoss(logits, labels, spread, term, scratch, gradient));
    }

    private void naturalLoss(BoxRows logits, DeviceBuffer labels, LossTerm term, LossScratch scratch, BoxRows gradient) {
        int classes = logits.columns();
        votes.argMax(logits.cleanPoints(), logits.clean(), classes, term.predictions());
        losses.crossEntropy(logits.cleanPoints(), labels, logits.clean(), classes, term.weight(), gradient.cleanPoints(),
                scratch.rows());
        reductions.sum(scratch.rows(), logits.clean(), 0f, term.sum());
    }

    private void worstCaseLoss(BoxRows logits, DeviceBuffer labels, Spread spread, LossTerm term, LossScratch scratch,
                               BoxRows gradient) {
        int count = logits.boxes();
        int classes = logits.columns();
        DeviceBuffer worst = scratch.worst();
        if (spread == Spread.DIFFERENCES) {
            losses.elidedLogits(logits.centre(), logits.radius(), labels, count, classes, worst);
        } else {
            losses.worstCaseLogits(logits.centre(), logits.radius(), labels, count, classes, worst);
        }
        votes.argMax(worst, count, classes, term.predictions());
        losses.crossEntropy(worst, labels, count, classes, term.weight(), worst, scratch.rows());
        reductions.sum(scratch.rows(), count, 0f, term.sum());
        if (spread == Spread.DIFFERENCES) {
            losses.elidedLogitsGradient(worst, labels, count, classes, gradient.centre(), gradient.radius());
        } else {
            losses.worstCaseLogitsGradient(worst, labels, count, classes, gradient.centre(), gradient.radius());
        }
    }

    @Override
    public void clip(DeviceBuffer gradient, long length, float norm, DeviceBuffer squares, DeviceBuffer factor) {
        reductions.sumOfSquares(gradient, length, 0f, squares);
        optimisers.clipFactor(squares, norm, factor);
    }

    @Override
    public void adam(DeviceBuffer parameters, DeviceBuffer gradient, long length, Adam rates, AdamState state,
                     Optional<Average> average) {
        optimisers.adam(parameters, gradient, state.mean(), state.square(), length, rates.beta1(), rates.beta2(),
                rates.tiny(), rates.weightDecay(), state.step(), state.factor());
        average.ifPresent(of -> optimisers.average(parameters, length, of.share(), of.parameters()));
    }
}

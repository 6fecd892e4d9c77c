package dev.bulwark.training;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The loss of one batch and its gradient with respect to every parameter.
 *
 * <p>With z the logits at x, and zhat the worst-case logits over the box {@code x +- epsilon} cut to [0, 1]:
 * <pre>  loss = kappa CE(z, y) + (1 - kappa) CE(zhat, y) + lambda/L sum over hidden layers of (tight + balance)/tau</pre>
 * Where x has several noisy copies, CE(z, y) is their mean, and {@link Backend#consistencyLoss}'s penalty joins it.
 * Mixed loss and elision of the last layer: Gowal et al. 2019, "Scalable verified training for provably robust image
 * classification", section 3. Regularisers: Shi et al. 2021, "Fast certified robust training with short warmup",
 * section 4.3. Means are over the batch.
 *
 * <p>Backwards, W gets {@code dCentre^T centre} from centres and clean rows in one product, and
 * {@code sign(W) (dRadius^T radius)} from the radii.
 */
final class LossGradient {

    /** Elements of {@link #losses}. */
    static final int NATURAL = 0;
    static final int WORST_CASE = 1;
    static final int REGULARISERS = 2;
    static final int DISAGREEMENT = 3;
    static final int TERMS = 4;

    /** Shi et al.'s tolerance of the regularisers. */
    private static final float TAU = 0.5f;

    private final Backend backend;
    private final StepScalars scalars;
    private final Objective objective;
    private final int classes;

    private final DeviceBuffer labels;
    private final Signal input;
    private final Optional<Windows> windows;
    private final List<IntervalAffine> layers = new ArrayList<>();
    private final List<Signal> activations = new ArrayList<>();
    private final DeviceBuffer inputRadiusSum;
    private final DeviceBuffer inputRadius;

    private final DeviceBuffer worst;
    private final DeviceBuffer rowLosses;
    private final DeviceBuffer rowPenalties;
    private final DeviceBuffer losses;
    private final DeviceBuffer predictions;
    private final DeviceBuffer worstPredictions;

    /**
     * @param batch      most images in a batch
     * @param parameters as {@code layout} says
     * @param gradient   likewise; overwritten by {@link #compute}
     */
    LossGradient(Backend backend, DeviceMemory memory, ParameterLayout layout, int batch, Objective objective,
                 StepScalars scalars, DeviceBuffer parameters, DeviceBuffer gradient) {
        int[] widths = layout.widths();
        this.backend = backend;
        this.scalars = scalars;
        this.objective = objective;
        this.classes = widths[widths.length - 1];
        this.labels = memory.allocate(batch);
        int points = Math.multiplyExact(batch, objective.copies());
        this.input = Signal.allocate(memory, points, widths[0], widths[0]);
        this.windows = layout.places().map(places -> new Windows(backend, memory, points, widths[0], places));
        List<Affine> affine = layout.layersIn(parameters);
        List<Affine> affineGradients = layout.layersIn(gradient);
        int last = affine.size() - 1;
        for (int k = 0; k <= last; ++k) {
            boolean differences = objective.elided() && k == last;
            var spread = differences ? IntervalAffine.Spread.DIFFERENCES : IntervalAffine.Spread.OUTPUTS;
            layers.add(new IntervalAffine(backend, memory, points, k == 0 ? layout.windows() : 1, affine.get(k),
                    affineGradients.get(k), spread));
            if (k < last) {
                activations.add(Signal.allocate(memory, points, widths[k + 1], widths[k + 1]));
            }
        }
        this.inputRadiusSum = memory.allocate(1);
        this.inputRadius = memory.allocate(1);
        this.worst = memory.allocate((long) batch * classes);
        this.rowLosses = memory.allocate(batch);
        this.rowPenalties = memory.allocate(batch);
        this.losses = memory.zeros(TERMS);
        this.predictions = memory.allocate(points);
        this.worstPredictions = memory.allocate(batch);
    }

    /** {@code [m,B,D]}: the caller puts the batch's images here, with noise in m copies where the objective says so. */
    DeviceBuffer images() {
        return input.points();
    }

    /** {@code int [B]}: the caller puts their labels here. */
    DeviceBuffer labels() {
        return labels;
    }

    /**
     * Sums over the batch of the natural and the worst-case loss, the weighted regularisers, and a sum over the batch of
     * the copies' weighted disagreement; 0 if not computed.
     */
    DeviceBuffer losses() {
        return losses;
    }

    /** {@code int [m,B]}: predicted classes, where clean rows were computed. */
    DeviceBuffer predictions() {
        return predictions;
    }

    /** {@code int [B]}: largest worst-case logits, where boxes were computed; the label where the bounds hold it. */
    DeviceBuffer worstPredictions() {
        return worstPredictions;
    }

    /** Forwards and backwards through the network, for the images and labels in place. */
    void compute(Rows rows) {
        backend.fill(losses, 0f);
        if (rows.box()) {
            boxInput(rows);
        }
        forward(rows);
        if (rows.clean()) {
            naturalLoss(rows);
        }
        if (rows.box()) {
            worstCaseLoss(rows);
        }
        backward(rows);
    }

    private void boxInput(Rows rows) {
        long length = input.boxLength(rows);
        backend.boxAround(input.clean(rows), length, scalars.epsilon(), input.centre(rows), input.radius());
        if (rows.regularised()) {
            backend.sum(input.radius(), length, 0f, inputRadiusSum);
            backend.multiply(false, false, 1, 1, 1, inputRadiusSum, scalars.inputMean(), 0f, inputRadius);
        }
    }

    private void forward(Rows rows) {
        windows.ifPresent(seen -> seen.look(rows, input));
        Signal signal = firstInput();
        for (int k = 0; k < activations.size(); ++k) {
            boolean pointsOnly = !rows.box();
            layers.get(k).forward(rows, signal, pointsOnly);
            if (rows.box()) {
                activate(rows, layers.get(k).output(), activations.get(k));
            }
            signal = activation(rows, k);
        }
        lastLayer().forward(rows, signal, false);
    }

    /** What left hidden layer k's ReLU. Without boxes the layer has cut its points off itself. */
    private Signal activation(Rows rows, int k) {
        return rows.box() ? activations.get(k) : layers.get(k).output();
    }

    private void activate(Rows rows, Signal before, Signal after) {
        long length = before.boxLength(rows);
        if (rows.clean()) {
            backend.relu(before.clean(rows), before.cleanLength(rows), after.clean(rows));
        }
        backend.intervalRelu(before.centre(rows), before.radius(), length, after.centre(rows), after.radius());
    }

    private void naturalLoss(Rows rows) {
        DeviceBuffer logits = lastLayer().output().clean(rows);
        DeviceBuffer gradient = lastLayer().outputGradient().clean(rows);
        backend.argMax(logits, rows.points(), classes, predictions);
        if (rows.copies() > 1) {
            backend.consistencyLoss(logits, labels, rows.copies(), rows.count(), classes,
                    (float) objective.consistency(), (float) objective.entropy(), scalars.naturalWeight(),
                    gradient, rowLosses, rowPenalties);
            backend.sum(rowPenalties, rows.count(), 0f, losses.slice(DISAGREEMENT, 1));
        } else {
            backend.crossEntropy(logits, labels, rows.count(), classes, scalars.naturalWeight(), gradient, rowLosses);
        }
        backend.sum(rowLosses, rows.count(), 0f, losses.slice(NATURAL, 1));
    }

    private void worstCaseLoss(Rows rows) {
        int count = rows.count();
        Signal logits = lastLayer().output();
        Signal gradient = lastLayer().outputGradient();
        if (objective.elided()) {
            backend.elidedLogits(logits.centre(rows), logits.radius(), labels, count, classes, worst);
        } else {
            backend.worstCaseLogits(logits.centre(rows), logits.radius(), labels, count, classes, worst);
        }
        backend.argMax(worst, count, classes, worstPredictions);
        backend.crossEntropy(worst, labels, count, classes, scalars.worstCaseWeight(), worst, rowLosses);
        backend.sum(rowLosses, count, 0f, losses.slice(WORST_CASE, 1));
        if (objective.elided()) {
            backend.elidedLogitsGradient(worst, labels, count, classes, gradient.centre(rows), gradient.radius());
        } else {
            backend.worstCaseLogitsGradient(worst, labels, count, classes, gradient.centre(rows), gradient.radius());
        }
    }

    private void backward(Rows rows) {
        for (int k = layers.size() - 1; k > 0; --k) {
            IntervalAffine below = layers.get(k - 1);
            layers.get(k).parameterGradient(rows, activation(rows, k - 1));
            layers.get(k).inputGradient(rows, below.outputGradient());
            activationGradient(rows, k - 1);
        }
        layers.get(0).parameterGradient(rows, firstInput());
    }

    /** What the first layer sees: the images, or windows of them. */
    private Signal firstInput() {
        return windows.map(Windows::seen).orElse(input);
    }

    /** Takes hidden layer k's gradient, in place, from behind its ReLU to before it. */
    private void activationGradient(Rows rows, int k) {
        Signal before = layers.get(k).output();
        Signal gradient = layers.get(k).outputGradient();
        long length = before.boxLength(rows);
        if (rows.clean()) {
            backend.reluGradient(activation(rows, k).clean(rows), before.cleanLength(rows), gradient.clean(rows));
        }
        if (rows.box()) {
            backend.intervalReluGradient(before.centre(rows), before.radius(), length,
                    gradient.centre(rows), gradient.radius());
            if (rows.regularised()) {
                backend.intervalRegulariser(before.centre(rows), before.radius(), length, inputRadius, TAU,
                        scalars.regulariserWeight(), gradient.centre(rows), gradient.radius(),
                        losses.slice(REGULARISERS, 1));
            }
        }
    }

    private IntervalAffine lastLayer() {
        return layers.get(layers.size() - 1);
    }
}

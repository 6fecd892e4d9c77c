package dev.bulwark.training;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.IntervalLayer.Spread;
import dev.bulwark.device.Losses;
import dev.bulwark.device.TrainingOperations;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.device.TrainingOperations.LossScratch;
import dev.bulwark.device.TrainingOperations.LossTerm;
import dev.bulwark.device.TrainingOperations.MeanRadius;
import dev.bulwark.device.TrainingOperations.Penalty;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The loss of one batch and its gradient with respect to every parameter.
 *
 * <p>With z the logits at x, and zhat the worst-case logits over the box {@code x +- epsilon} cut to [0, 1]:
 * <pre>  loss = kappa CE(z, y) + (1 - kappa) CE(zhat, y) + lambda/L sum over hidden layers of (tight + balance)/tau</pre>
 * Where x has several noisy copies, CE(z, y) is their mean, and {@link Losses#consistencyLoss}'s penalty joins it.
 * Mixed loss and elision of the last layer: Gowal et al. 2019, "Scalable verified training for provably robust image
 * classification", section 3. Regularisers: Shi et al. 2021, "Fast certified robust training with short warmup",
 * section 4.3. Means are over the batch.
 *
 * <p>How a layer takes points and boxes forwards and backwards: {@link IntervalLayer}.
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
    private final TrainingOperations operations;
    private final StepScalars scalars;
    private final Objective objective;
    private final int classes;

    private final DeviceBuffer labels;
    private final Signal input;
    private final Optional<Windows> windows;
    private final List<Layer> layers = new ArrayList<>();
    private final DeviceBuffer inputRadiusSum;
    private final DeviceBuffer inputRadius;

    private final LossScratch scratch;
    private final DeviceBuffer rowPenalties;
    private final DeviceBuffer predictions;
    private final DeviceBuffer worstPredictions;

    /**
     * A layer and what it works with.
     *
     * @param windows  of an input, which the layer sees as so many rows; 1 where it sees it whole
     * @param output   what the affine map makes; of a hidden layer, boxes before the ReLU
     * @param gradient with respect to {@code output}
     * @param after    what is behind a hidden layer's ReLU; unused of the last layer
     * @param state    of a hidden layer's regularisers
     */
    private record Layer(IntervalLayer parameters, int windows, Signal output, Signal gradient, Signal after,
                         DeviceBuffer state) {
    }

    /**
     * @param batch      most images in a batch
     * @param parameters as {@code layout} says
     * @param gradient   likewise; overwritten by {@link #compute}
     */
    LossGradient(Backend backend, DeviceMemory memory, ParameterLayout layout, int batch, Objective objective,
                 StepScalars scalars, DeviceBuffer parameters, DeviceBuffer gradient) {
        int[] widths = layout.widths();
        this.backend = backend;
        this.operations = backend.trainingOperations();
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
            Spread spread = objective.elided() && k == last ? Spread.DIFFERENCES : Spread.OUTPUTS;
            int out = widths[k + 1];
            int radii = spread.rows(out);
            layers.add(new Layer(IntervalLayer.allocate(memory, affine.get(k), affineGradients.get(k), spread),
                    k == 0 ? layout.windows() : 1, Signal.allocate(memory, points, out, radii),
                    Signal.allocate(memory, points, out, radii),
                    Signal.allocate(memory, k < last ? points : 0, out, radii), memory.allocate(Penalty.STATE)));
        }
        this.inputRadiusSum = memory.allocate(1);
        this.inputRadius = memory.allocate(1);
        this.scratch = new LossScratch(memory.allocate((long) batch * classes), memory.allocate(batch));
        this.rowPenalties = memory.allocate(batch);
        this.predictions = memory.allocate(points);
        this.worstPredictions = memory.allocate(batch);
    }

    /** {@code [m,B,D]}: the caller puts the batch's images here, with noise in m copies where the objective says so. */
    DeviceBuffer images() {
        return input.images(Math.toIntExact(predictions.length()));
    }

    /** {@code int [B]}: the caller puts their labels here. */
    DeviceBuffer labels() {
        return labels;
    }

    /**
     * Sums over the batch of the natural and the worst-case loss, the weighted regularisers, and a sum over the batch of
     * the copies' weighted disagreement; 0 if not computed. They must be 0 when a step begins: {@link StepScalars#current}.
     */
    DeviceBuffer losses() {
        return scalars.losses();
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
        if (rows.box()) {
            operations.boxAround(images(), scalars.epsilon(), input.rows(rows), meanRadius(rows));
        }
        windows.ifPresent(seen -> seen.look(rows, input));
        int last = layers.size() - 1;
        for (int k = 0; k < last; ++k) {
            operations.forward(layers.get(k).parameters, given(rows, k), hidden(rows, k, layers.get(k).windows));
        }
        operations.forward(layers.get(last).parameters, given(rows, last), layers.get(last).output.rows(rows));
        losses(rows);
        for (int k = last; k >= 0; --k) {
            Layer layer = layers.get(k);
            if (k > 0) {
                operations.backward(layer.parameters, hidden(rows, k - 1, 1), layer.gradient.rows(rows),
                        layers.get(k - 1).gradient.rows(rows));
            } else {
                operations.parameterGradient(layer.parameters, given(rows, 0), layer.gradient.rows(rows, layer.windows));
            }
        }
    }

    private Optional<MeanRadius> meanRadius(Rows rows) {
        return rows.regularised() ? Optional.of(new MeanRadius(scalars.inputMean(), inputRadiusSum, inputRadius))
                : Optional.empty();
    }

    /** What layer k is given: the images or windows of them, or what is behind the ReLU of the layer below. */
    private BoxRows given(Rows rows, int k) {
        Signal from = k > 0 ? layers.get(k - 1).after : windows.map(Windows::seen).orElse(input);
        return from.rows(rows, layers.get(k).windows);
    }

    /** @param windows rows that each input is seen as: the layer's own, or one for the layer above */
    private Hidden hidden(Rows rows, int k, int windows) {
        Layer layer = layers.get(k);
        return new Hidden(layer.output.rows(rows, windows), layer.after.rows(rows, windows), rows.regularised()
                ? Optional.of(new Penalty(inputRadius, TAU, scalars.regulariserWeight(), term(REGULARISERS), layer.state))
                : Optional.empty());
    }

    private DeviceBuffer term(int term) {
        return losses().slice(term, 1);
    }

    private void losses(Rows rows) {
        Layer last = layers.get(layers.size() - 1);
        BoxRows logits = last.output.rows(rows);
        BoxRows gradient = last.gradient.rows(rows);
        boolean several = rows.copies() > 1;
        if (several) {
            lossesOfCopies(rows, logits, gradient);
        }
        operations.losses(logits, labels, last.parameters.spread(),
                rows.clean() && !several ? Optional.of(new LossTerm(scalars.naturalWeight(), predictions, term(NATURAL)))
                        : Optional.empty(),
                rows.box() ? Optional.of(new LossTerm(scalars.worstCaseWeight(), worstPredictions, term(WORST_CASE)))
                        : Optional.empty(), scratch, gradient);
    }

    private void lossesOfCopies(Rows rows, BoxRows logits, BoxRows gradient) {
        backend.votes().argMax(logits.points(), rows.points(), classes, predictions);
        backend.losses().consistencyLoss(logits.points(), labels, rows.copies(), rows.count(), classes,
                (float) objective.consistency(), (float) objective.entropy(), scalars.naturalWeight(),
                gradient.points(), scratch.rows(), rowPenalties);
        backend.reductions().sum(rowPenalties, rows.count(), 0f, term(DISAGREEMENT));
        backend.reductions().sum(scratch.rows(), rows.count(), 0f, term(NATURAL));
    }
}

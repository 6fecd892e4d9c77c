package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Losses;
import dev.bulwark.device.TrainingOperations.LossScratch;
import dev.bulwark.device.TrainingOperations.LossTerm;
import dev.bulwark.device.TrainingOperations.MeanRadius;
import dev.bulwark.device.TrainingOperations.Penalty;
import dev.bulwark.device.TrainingOperations;
import dev.bulwark.plan.Plan;
import java.util.Optional;

/**
 * The loss of one batch and its gradient with respect to every parameter.
 *
 * <p>With z the logits at x, and zhat the worst-case logits over the box {@code x +- epsilon} cut to [0, 1], one of the two
 * at points of an attack where the {@link Adversary} says so:
 * <pre>  loss = kappa CE(z, y) + (1 - kappa) CE(zhat, y) + lambda/L sum over hidden layers of (tight + balance)/tau</pre>
 * Where x has several noisy copies, CE(z, y) is their mean, and {@link Losses#consistencyLoss}'s penalty joins it.
 * Mixed loss and elision of the last layer: Gowal et al. 2019, "Scalable verified training for provably robust image
 * classification", section 3. Regularisers: Shi et al. 2021, "Fast certified robust training with short warmup",
 * section 4.3. Means are over the batch.
 *
 * <p>How points and boxes go through the network, forwards and backwards: {@link TrainingPass}.
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
    private final TrainingPass pass;
    private final DeviceBuffer inputRadiusSum;
    private final DeviceBuffer inputRadius;

    private final Optional<TrainingAttack> attack;
    private final LossScratch scratch;
    private final DeviceBuffer rowPenalties;
    private final DeviceBuffer predictions;
    private final DeviceBuffer worstPredictions;

    /**
     * @param memory   owns all buffers
     * @param plan     the network
     * @param gradient of the same graph: its parameters are overwritten by {@link #compute}
     * @param batch    most images in a batch
     */
    LossGradient(DeviceMemory memory, Plan plan, Plan gradient, int batch, Objective objective, StepScalars scalars) {
        this.backend = plan.backend();
        this.operations = backend.trainingOperations();
        this.scalars = scalars;
        this.objective = objective;
        this.classes = plan.classes();
        this.labels = memory.allocate(batch);
        int points = Math.multiplyExact(batch, objective.copies());
        this.inputRadiusSum = memory.allocate(1);
        this.inputRadius = memory.allocate(1);
        this.pass = new TrainingPass(memory, plan, gradient, points, objective.elided(), () -> new Penalty(inputRadius, TAU,
                scalars.regulariserWeight(), term(REGULARISERS), memory.allocate(Penalty.STATE)));
        this.scratch = new LossScratch(memory.allocate((long) batch * classes), memory.allocate(batch));
        this.attack = objective.adversary().use() == Adversary.Use.NONE ? Optional.empty()
                : Optional.of(new TrainingAttack(memory, plan, batch, objective.adversary(), scalars));
        this.rowPenalties = memory.allocate(batch);
        this.predictions = memory.allocate(points);
        this.worstPredictions = memory.allocate(batch);
    }

    /** {@code [m,B,D]}: the caller puts the batch's images here, with noise in m copies where the objective says so. */
    DeviceBuffer images() {
        return pass.input().images(Math.toIntExact(predictions.length()));
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

    /** {@code [B,D]}: where the last attack, if there are any, left the images. */
    Optional<DeviceBuffer> attackedPoints() {
        return attack.map(TrainingAttack::points);
    }

    /** Forwards and backwards through the network, for the images and labels in place. */
    void compute(StepRows rows) {
        if (objective.adversary().attacks(rows)) {
            attacked(rows);
        } else if (rows.box()) {
            box(images(), rows);
        }
        pass.forward(rows);
        losses(rows);
        pass.backward(rows);
    }

    /** The points found become centres of the boxes or, once the boxes are made, the images of the natural loss. */
    private void attacked(StepRows rows) {
        DeviceBuffer points = attack.orElseThrow().run(images(), labels, rows.count());
        if (objective.adversary().use() == Adversary.Use.CENTRES) {
            box(points, rows);
        } else {
            box(images(), rows);
            backend.copy(points, (long) rows.count() * pass.input().columns(), images());
        }
    }

    private void box(DeviceBuffer centres, StepRows rows) {
        operations.boxAround(centres, scalars.epsilon(), pass.input().rows(rows), meanRadius(rows));
    }

    private Optional<MeanRadius> meanRadius(StepRows rows) {
        return rows.regularised() ? Optional.of(new MeanRadius(scalars.inputMean(), inputRadiusSum, inputRadius))
                : Optional.empty();
    }

    private DeviceBuffer term(int term) {
        return losses().slice(term, 1);
    }

    private void losses(StepRows rows) {
        BoxRows logits = pass.logits().rows(rows);
        BoxRows gradient = pass.logitGradient().rows(rows);
        boolean several = rows.copies() > 1;
        if (several) {
            lossesOfCopies(rows, logits, gradient);
        }
        operations.losses(logits, labels, pass.spread(),
                rows.clean() && !several ? Optional.of(new LossTerm(scalars.naturalWeight(), predictions, term(NATURAL)))
                        : Optional.empty(),
                rows.box() ? Optional.of(new LossTerm(scalars.worstCaseWeight(), worstPredictions, term(WORST_CASE)))
                        : Optional.empty(), scratch, gradient);
    }

    private void lossesOfCopies(StepRows rows, BoxRows logits, BoxRows gradient) {
        backend.votes().argMax(logits.points(), rows.points(), classes, predictions);
        backend.losses().consistencyLoss(logits.points(), labels, rows.copies(), rows.count(), classes,
                (float) objective.consistency(), (float) objective.entropy(), scalars.naturalWeight(),
                gradient.points(), scratch.rows(), rowPenalties);
        backend.reductions().sum(rowPenalties, rows.count(), 0f, term(DISAGREEMENT));
        backend.reductions().sum(scratch.rows(), rows.count(), 0f, term(NATURAL));
    }
}

package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Indexing.RowCopy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The losses and predictions of one epoch's steps. Each step leaves its own on the device, and the host reads them a
 * stretch of steps at a time, so that it rarely waits.
 */
final class EpochLog {

    private final Backend backend;
    private final int[] labels;
    private final DeviceBuffer losses;
    private final DeviceBuffer predictions;
    private final DeviceBuffer worstPredictions;
    private final float[] hostLosses;
    private int epoch;
    private List<Schedule.Step> steps = List.of();

    EpochLog(Backend backend, DeviceMemory memory, int stepsPerEpoch, int copies, int[] labels) {
        this.backend = backend;
        this.labels = labels;
        this.losses = memory.allocate((long) stepsPerEpoch * LossGradient.TERMS);
        this.predictions = memory.allocate(Math.multiplyExact((long) labels.length, copies));
        this.worstPredictions = memory.allocate(labels.length);
        this.hostLosses = new float[Math.multiplyExact(stepsPerEpoch, LossGradient.TERMS)];
    }

    /** Starts on {@code epoch}, counted from 0. */
    void begin(int epoch, List<Schedule.Step> steps) {
        this.epoch = epoch;
        this.steps = steps;
    }

    /** What keeps a step's results at the row of its number, in steps of {@code batch} images. */
    RowCopy[] notes(int batch, StepRows rows, LossGradient loss) {
        List<RowCopy> notes = new ArrayList<>();
        notes.add(new RowCopy(loss.losses(), 0, losses, LossGradient.TERMS, LossGradient.TERMS));
        if (rows.clean()) {
            notes.add(new RowCopy(loss.predictions(), 0, predictions, (long) batch * rows.copies(), rows.points()));
        }
        if (rows.box()) {
            notes.add(new RowCopy(loss.worstPredictions(), 0, worstPredictions, batch, rows.count()));
        }
        return notes.toArray(RowCopy[]::new);
    }

    /**
     * Waits for steps {@code from .. to - 1}.
     *
     * @throws DivergenceException if one's loss is infinite or not a number
     */
    void requireFinite(int from, int to) {
        float[] stretch = new float[(to - from) * LossGradient.TERMS];
        backend.read(losses.slice((long) from * LossGradient.TERMS, stretch.length), stretch);
        System.arraycopy(stretch, 0, hostLosses, from * LossGradient.TERMS, stretch.length);
        for (int step = from; step < to; ++step) {
            double loss = loss(step);
            if (!Double.isFinite(loss)) {
                throw new DivergenceException(epoch + 1, step + 1, "the loss is " + loss,
                        steps.get(step).settings().learningRate());
            }
        }
    }

    /** The epoch in one entry, once {@link #requireFinite} has checked all its steps; {@code order} is its images' order. */
    Progress summary(int epochs, int[] order, double seconds) {
        double total = 0;
        for (int step = 0; step < steps.size(); ++step) {
            total += loss(step) * steps.get(step).rows();
        }
        Progress.Losses losses = new Progress.Losses(total / labels.length,
                term(LossGradient.NATURAL, StepRows::clean, predictions, order),
                term(LossGradient.WORST_CASE, StepRows::box, worstPredictions, order));
        return new Progress(new Progress.Epoch(epoch + 1, epochs, steps.size(), labels.length), losses,
                steps.get(steps.size() - 1).settings(), seconds);
    }

    /** What step {@code step} minimised. */
    private double loss(int step) {
        Schedule.Step values = steps.get(step);
        StepRows rows = values.needs();
        double natural = rows.clean() ? values.settings().kappa() * sum(step, LossGradient.NATURAL) / rows.count() : 0;
        double disagreement = values.settings().kappa() * sum(step, LossGradient.DISAGREEMENT) / rows.count();
        double worst = rows.box() ? (1 - values.settings().kappa()) * sum(step, LossGradient.WORST_CASE) / rows.count() : 0;
        return natural + worst + sum(step, LossGradient.REGULARISERS) + disagreement;
    }

    private float sum(int step, int term) {
        return hostLosses[step * LossGradient.TERMS + term];
    }

    /** Every copy of an image counts as one more prediction. */
    private Optional<Progress.Term> term(int term, Predicate<StepRows> computed, DeviceBuffer classes, int[] order) {
        int[] predicted = new int[Math.toIntExact(classes.length())];
        backend.read(classes, predicted);
        int copies = predicted.length / labels.length;
        double loss = 0;
        int images = 0;
        long right = 0;
        int at = 0;
        for (int step = 0; step < steps.size(); ++step) {
            int count = steps.get(step).rows();
            if (computed.test(steps.get(step).needs())) {
                loss += sum(step, term);
                images += count;
                for (int n = 0; n < count * copies; ++n) {
                    right += predicted[at * copies + n] == labels[order[at + n % count]] ? 1 : 0;
                }
            }
            at += count;
        }
        return images == 0
                ? Optional.empty()
                : Optional.of(new Progress.Term(loss / images, (double) right / ((long) images * copies)));
    }
}

package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import java.util.Optional;
import java.util.function.Function;

/**
 * The losses and predictions of one epoch's steps. Each step leaves its own on the device, and the host reads them a
 * stretch of steps at a time, so that it rarely waits.
 */
final class EpochLog {

    private final Backend backend;
    private final Schedule schedule;
    private final int[] labels;
    private final DeviceBuffer losses;
    private final DeviceBuffer predictions;
    private final DeviceBuffer worstPredictions;
    private final float[] hostLosses;

    EpochLog(Backend backend, Memory memory, Schedule schedule, int[] labels) {
        this.backend = backend;
        this.schedule = schedule;
        this.labels = labels;
        int steps = schedule.stepsPerEpoch();
        this.losses = memory.allocate((long) steps * LossGradient.TERMS);
        this.predictions = memory.allocate(labels.length);
        this.worstPredictions = memory.allocate(labels.length);
        this.hostLosses = new float[steps * LossGradient.TERMS];
    }

    /** Keeps what step {@code step} left in {@code loss}. */
    void note(int step, long firstImage, Rows rows, LossGradient loss) {
        long at = (long) step * LossGradient.TERMS;
        backend.copy(loss.losses(), LossGradient.TERMS, losses.slice(at, LossGradient.TERMS));
        if (rows.clean()) {
            backend.copy(loss.predictions(), rows.count(), predictions.slice(firstImage, rows.count()));
        }
        if (rows.box()) {
            backend.copy(loss.worstPredictions(), rows.count(), worstPredictions.slice(firstImage, rows.count()));
        }
    }

    /**
     * Waits for steps {@code from .. to - 1} of {@code epoch}, counted from 0.
     *
     * @throws DivergenceException if one's loss is infinite or not a number
     */
    void requireFinite(int epoch, int from, int to) {
        float[] stretch = new float[(to - from) * LossGradient.TERMS];
        backend.read(losses.slice((long) from * LossGradient.TERMS, stretch.length), stretch);
        System.arraycopy(stretch, 0, hostLosses, from * LossGradient.TERMS, stretch.length);
        for (int step = from; step < to; ++step) {
            double loss = loss(epoch, step);
            if (!Double.isFinite(loss)) {
                throw new DivergenceException(epoch + 1, step + 1, loss, schedule.at(epoch, step).learningRate());
            }
        }
    }

    /** The epoch in one entry, once {@link #requireFinite} has seen all its steps; {@code order} is its images' order. */
    Progress summary(int epoch, int epochs, int[] order, double seconds) {
        int steps = schedule.stepsPerEpoch();
        double total = 0;
        for (int step = 0; step < steps; ++step) {
            total += loss(epoch, step) * schedule.rows(step);
        }
        Schedule.Step last = schedule.at(epoch, steps - 1);
        return new Progress(epoch + 1, epochs, steps, labels.length, total / labels.length,
                term(epoch, LossGradient.NATURAL, Rows::clean, predictions, order),
                term(epoch, LossGradient.WORST_CASE, Rows::box, worstPredictions, order),
                last.epsilon(), last.kappa(), last.learningRate(), seconds);
    }

    /** What step {@code step} minimised. */
    private double loss(int epoch, int step) {
        Schedule.Step values = schedule.at(epoch, step);
        Rows rows = values.needs();
        double natural = rows.clean() ? values.kappa() * sum(step, LossGradient.NATURAL) / rows.count() : 0;
        double worst = rows.box() ? (1 - values.kappa()) * sum(step, LossGradient.WORST_CASE) / rows.count() : 0;
        return natural + worst + sum(step, LossGradient.REGULARISERS);
    }

    private float sum(int step, int term) {
        return hostLosses[step * LossGradient.TERMS + term];
    }

    private Optional<Progress.Term> term(int epoch, int term, Function<Rows, Boolean> computed,
                                         DeviceBuffer classes, int[] order) {
        int[] predicted = new int[labels.length];
        backend.read(classes, predicted);
        double loss = 0;
        int images = 0;
        int right = 0;
        int at = 0;
        for (int step = 0; step < schedule.stepsPerEpoch(); ++step) {
            int count = schedule.rows(step);
            if (computed.apply(schedule.at(epoch, step).needs())) {
                loss += sum(step, term);
                images += count;
                for (int n = at; n < at + count; ++n) {
                    right += predicted[n] == labels[order[n]] ? 1 : 0;
                }
            }
            at += count;
        }
        return images == 0
                ? Optional.empty()
                : Optional.of(new Progress.Term(loss / images, (double) right / images));
    }
}

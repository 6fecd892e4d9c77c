package dev.bulwark.training;

import java.util.List;
import java.util.stream.Stream;

/**
 * The learning rate as a function of the epoch, a real number that grows with every step.
 *
 * @param peak         the rate after warm-up
 * @param warmUpEpochs length of the linear rise from 0 to the peak
 * @param decay        how the rate falls
 * @param milestones   {@link Decay#STEPS}: ascending epochs at which the rate is multiplied by {@code factor}
 * @param factor       STEPS: the multiplier; {@link Decay#COSINE}: last rate / peak
 */
public record LearningRate(double peak, double warmUpEpochs, Decay decay, List<Integer> milestones, double factor) {

    public enum Decay {
        /** A product of factors, one for each milestone passed. */
        STEPS,
        /** Half a cosine from the end of warm-up to the end of training (Loshchilov and Hutter 2017). */
        COSINE
    }

    public LearningRate {
        milestones = List.copyOf(milestones);
        Checks.positive("peak learning rate", peak);
        Checks.atLeast(0, "warm-up epochs", warmUpEpochs);
        Checks.named("decay", decay);
        Checks.inUnitInterval("decay factor", factor);
        if (decay == Decay.COSINE && !milestones.isEmpty()) {
            throw new IllegalArgumentException("a cosine decay takes no milestones: " + milestones);
        }
        for (int k = 0; k < milestones.size(); ++k) {
            if (milestones.get(k) < 1 || k > 0 && milestones.get(k) <= milestones.get(k - 1)) {
                throw new IllegalArgumentException("milestones must be positive and ascend: " + milestones);
            }
        }
    }

    /** {@code peak}, multiplied by {@code factor} at each milestone. */
    public static LearningRate steps(double peak, double factor, Integer... milestones) {
        return new LearningRate(peak, 0, Decay.STEPS, Stream.of(milestones).toList(), factor);
    }

    /** {@code peak}, falling to {@code lastRatio} times the peak at the end of training. */
    public static LearningRate cosine(double peak, double lastRatio) {
        return new LearningRate(peak, 0, Decay.COSINE, List.of(), lastRatio);
    }

    /** The same with a linear rise over the first {@code epochs}. */
    public LearningRate withWarmUp(double epochs) {
        return new LearningRate(peak, epochs, decay, milestones, factor);
    }

    /** The same over a run of {@code factor} times the length. */
    LearningRate stretched(double factor) {
        return new LearningRate(peak, factor * warmUpEpochs, decay,
                milestones.stream().map(milestone -> Math.toIntExact(Math.round(factor * milestone))).toList(), this.factor);
    }

    /** The rate at {@code epoch}, 0 at the first step, in a run of {@code epochs}. */
    double at(double epoch, int epochs) {
        if (epoch < warmUpEpochs) {
            return peak * epoch / warmUpEpochs;
        }
        if (decay == Decay.STEPS) {
            long passed = milestones.stream().filter(milestone -> epoch >= milestone).count();
            return peak * Math.pow(factor, passed);
        }
        double done = Math.min(1, (epoch - warmUpEpochs) / (epochs - warmUpEpochs));
        return peak * (factor + (1 - factor) * (1 + Math.cos(Math.PI * done)) / 2);
    }
}

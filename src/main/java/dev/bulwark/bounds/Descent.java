package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Looks for counterexamples by projected gradient descent (Madry et al. 2018), with momentum and steps that shrink: from points of
 * a box, down the largest left side of a clause's inequalities. What it finds is a guess of floats, to be confirmed.
 */
final class Descent implements AutoCloseable {

    /** First and last step, in half widths of the box. */
    private static final double FIRST_STEP = 0.5;
    private static final double LAST_STEP = 0.002;
    /** Of the last move that goes on, as in Croce and Hein's APGD (2020). */
    private static final float MOMENTUM = 0.25f;

    private final Backend backend;
    private final Plan plan;
    private final Specification specification;
    private final Box box;
    private final int capacity;
    private final InputGradients network;
    private final DeviceBuffer x;
    private final DeviceBuffer logits;
    private final DeviceBuffer logitGradients;
    private final DeviceBuffer gradients;

    /** @param clause whose inequalities are all to fail */
    record Start(float[] point, int clause) {
    }

    /** A point where all inequalities of a clause fail, as far as floats tell. */
    private record Found(float[] point, double value) {
    }

    /**
     * @param memory   owns the buffers; the caller closes it, after this
     * @param capacity points that go down together
     */
    Descent(DeviceMemory memory, Plan plan, Specification specification, Box box, int capacity) {
        this.backend = plan.backend();
        this.plan = plan;
        this.specification = specification;
        this.box = box;
        this.capacity = capacity;
        this.x = memory.allocate((long) capacity * plan.inputs());
        this.gradients = memory.allocate((long) capacity * plan.inputs());
        this.logits = memory.allocate((long) capacity * plan.classes());
        this.logitGradients = memory.allocate((long) capacity * plan.classes());
        this.network = plan.floatInputGradients(capacity);
    }

    int capacity() {
        return capacity;
    }

    /**
     * Points of the box at which a clause seems to fail, the clearest first.
     *
     * @param starts at most {@link #capacity}
     * @param late   whether to stop early; asked at every step
     */
    List<float[]> from(List<Start> starts, int steps, BooleanSupplier late) {
        Run run = new Run(starts);
        for (int t = 0; t < steps && !run.anyFails() && !late.getAsBoolean(); ++t) {
            run.step((float) (FIRST_STEP * Math.pow(LAST_STEP / FIRST_STEP, t / Math.max(1.0, steps - 1))));
        }
        run.look();
        return run.failing();
    }

    /** The largest left side of a clause's inequalities, and which one it is. */
    private record Largest(Specification.Inequality inequality, double value) {

        static Largest of(Specification.Clause clause, float[] logits, int from) {
            Largest largest = null;
            for (Specification.Inequality inequality : clause.anyOf()) {
                float[] coefficients = inequality.coefficients();
                double sum = inequality.constant();
                for (int c = 0; c < coefficients.length; ++c) {
                    sum += coefficients[c] == 0 ? 0 : (double) coefficients[c] * logits[from + c];
                }
                if (Double.isNaN(sum)) { // of what is no number nothing fails
                    return new Largest(inequality, sum);
                }
                if (largest == null || sum > largest.value) {
                    largest = new Largest(inequality, sum);
                }
            }
            return largest;
        }
    }

    /** The left side that decides whether a clause fails: where it is not above 0, it does. */
    static double value(Specification.Clause clause, float[] logits) {
        return Largest.of(clause, logits, 0).value;
    }

    /** Some points on their way. */
    private final class Run {

        private final List<Start> starts;
        private final int rows;
        private final int inputs = plan.inputs();
        private final float[] at;
        private final float[] before;
        private final float[] slopes;
        private final Found[] best;

        Run(List<Start> starts) {
            this.starts = starts;
            rows = starts.size();
            at = new float[rows * inputs];
            for (int r = 0; r < rows; ++r) {
                System.arraycopy(starts.get(r).point, 0, at, r * inputs, inputs);
            }
            before = at.clone();
            slopes = new float[rows * inputs];
            best = new Found[rows];
        }

        /** Evaluates the points, and keeps those that are better than all before. */
        private float[] look() {
            backend.write(at, x);
            network.forward(x, rows, logits);
            float[] there = new float[rows * plan.classes()];
            backend.read(logits, there);
            float[] down = new float[there.length];
            for (int r = 0; r < rows; ++r) {
                Largest largest = Largest.of(specification.clauses().get(starts.get(r).clause), there, r * plan.classes());
                if (best[r] == null || largest.value < best[r].value) {
                    best[r] = new Found(Arrays.copyOfRange(at, r * inputs, (r + 1) * inputs), largest.value);
                }
                System.arraycopy(largest.inequality.coefficients(), 0, down, r * plan.classes(), plan.classes());
            }
            return down;
        }

        /** @param length in half widths of the box */
        void step(float length) {
            backend.write(look(), logitGradients);
            network.backward(logitGradients, rows, gradients);
            backend.read(gradients, slopes);
            for (int r = 0; r < rows; ++r) {
                for (int i = 0; i < inputs; ++i) {
                    int k = r * inputs + i;
                    float half = 0.5f * (box.upper(i) - box.lower(i));
                    float moved = at[k] - Math.signum(slopes[k]) * length * half + MOMENTUM * (at[k] - before[k]);
                    before[k] = at[k];
                    at[k] = Math.max(box.lower(i), Math.min(box.upper(i), Float.isNaN(moved) ? at[k] : moved));
                }
            }
        }

        boolean anyFails() {
            return Arrays.stream(best).anyMatch(found -> found != null && found.value < 0);
        }

        List<float[]> failing() {
            List<Found> failing = new ArrayList<>(Arrays.stream(best).filter(found -> found.value <= 0).toList());
            failing.sort(Comparator.comparingDouble(Found::value));
            return failing.stream().map(Found::point).toList();
        }
    }

    @Override
    public void close() {
        network.close();
    }
}

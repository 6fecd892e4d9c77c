package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The gradient written by hand, on any backend, against central differences of an independent loss in double. Every step
 * is replayed twice: nothing may be left over from the first time.
 */
abstract class LossGradientContract {

    /** Odd sizes, and one layer narrower than the classes squared. */
    private static final int[] WIDTHS = {7, 11, 5, 3};
    private static final int BATCH = 5;

    /** Float sums of a few dozen terms of order 1, and the central difference's own error. */
    private static final double TOLERANCE = 5e-6;

    private final float[] images = new float[BATCH * WIDTHS[0]];
    private final int[] labels = {2, 0, 1, 1, 0};
    private final float[] parameters;

    LossGradientContract() {
        Random random = new Random(7);
        for (int i = 0; i < images.length; ++i) {
            images[i] = random.nextInt(4) == 0 ? random.nextInt(2) : random.nextFloat();
        }
        int count = IntStream.range(0, WIDTHS.length - 1).map(k -> (WIDTHS[k] + 1) * WIDTHS[k + 1]).sum();
        parameters = new float[count];
        for (int k = 0; k < count; ++k) {
            parameters[k] = (float) (0.5 * random.nextGaussian());
        }
    }

    abstract Backend open();

    @ParameterizedTest
    @CsvSource({
        // epsilon, kappa, lambda, elided
        "0,    1,    0,   false",
        "0.1,  0,    0,   false",
        "0.1,  0,    0,   true",
        "0.1,  0.3,  0,   false",
        "0.1,  0.3,  0,   true",
        "0.02, 0.75, 0,   true",
        "0.1,  0.3,  0.5, false",
        "0.1,  0.3,  0.5, true",
        "0.3,  0,    0.5, true",
        "0.1,  1,    0.5, true",
    })
    void givenATinyNetwork_whenDifferentiated_thenCentralDifferencesAgree(
            double epsilon, double kappa, double lambda, boolean elided) {
        ReferenceLoss reference = new ReferenceLoss(WIDTHS, images, labels, epsilon, kappa, lambda, elided);
        double[] exact = IntStream.range(0, parameters.length).mapToDouble(k -> parameters[k]).toArray();

        Computed computed = compute(WIDTHS, new Schedule.Step(BATCH, 1, epsilon, kappa, lambda, 0, 1, 1), bounds(elided));

        assertEquals(reference.at(exact), computed.loss(), TOLERANCE);
        for (int k = 0; k < parameters.length; ++k) {
            assertEquals(reference.derivative(exact, k), computed.gradient()[k], TOLERANCE, "parameter " + k);
        }
    }

    /** Against the dense network that the convolution stands for, spread out here. */
    @ParameterizedTest
    @CsvSource({
        // epsilon, kappa, lambda, elided, kernel, stride
        "0,    1,    0,   false, 2, 1",
        "0.1,  0,    0,   true,  2, 1",
        "0.1,  0.3,  0.5, true,  2, 2",
        "0.1,  0.3,  0.5, false, 3, 2",
        "0.1,  0.3,  0,   true,  1, 3",
        "0.02, 0.75, 0.5, true,  4, 1",
    })
    void givenAConvolution_whenDifferentiated_thenCentralDifferencesAgree(
            double epsilon, double kappa, double lambda, boolean elided, int kernel, int stride) {
        Random random = new Random(5);
        float[] squares = new float[BATCH * 16];
        for (int i = 0; i < squares.length; ++i) {
            squares[i] = random.nextFloat();
        }
        int grid = (4 - kernel) / stride + 1;
        int[] widths = {16, 3 * grid * grid, 5, 3};
        ParameterLayout layout = new ParameterLayout(widths, Optional.of(new Convolution(3, kernel, stride)));
        assertEquals(3 * kernel * kernel + 3 + (widths[1] + 1) * 5 + 6 * 3, layout.length());
        float[] start = new float[(int) layout.length()];
        for (int k = 0; k < start.length; ++k) {
            start[k] = (float) (0.5 * random.nextGaussian());
        }
        ReferenceLoss reference = new ReferenceLoss(widths, squares, labels, epsilon, kappa, lambda, elided);
        double[] exact = IntStream.range(0, start.length).mapToDouble(k -> start[k]).toArray();

        Computed computed = compute(layout, squares, start, new Schedule.Step(BATCH, 1, epsilon, kappa, lambda, 0, 1, 1),
                bounds(elided));

        assertEquals(reference.at(spreadOut(exact, kernel, stride)), computed.loss(), TOLERANCE);
        for (int k = 0; k < start.length; ++k) {
            double step = 1e-6;
            double[] above = exact.clone();
            double[] below = exact.clone();
            above[k] += step;
            below[k] -= step;
            double slope = (reference.at(spreadOut(above, kernel, stride)) - reference.at(spreadOut(below, kernel, stride)))
                    / (2 * step);
            assertEquals(slope, computed.gradient()[k], TOLERANCE, "parameter " + k);
        }
    }

    /** Parameters of 3 channels over 4 x 4 pixels as those of a dense layer; the others follow unchanged. */
    private static double[] spreadOut(double[] shared, int kernel, int stride) {
        int grid = (4 - kernel) / stride + 1;
        int units = 3 * grid * grid;
        int weights = 3 * kernel * kernel;
        double[] dense = new double[units * 16 + units + shared.length - weights - 3];
        for (int v = 0; v < grid; ++v) {
            for (int u = 0; u < grid; ++u) {
                for (int channel = 0; channel < 3; ++channel) {
                    int unit = (v * grid + u) * 3 + channel;
                    for (int row = 0; row < kernel; ++row) {
                        for (int column = 0; column < kernel; ++column) {
                            dense[unit * 16 + (v * stride + row) * 4 + u * stride + column] =
                                    shared[(channel * kernel + row) * kernel + column];
                        }
                    }
                    dense[units * 16 + unit] = shared[weights + channel];
                }
            }
        }
        System.arraycopy(shared, weights + 3, dense, units * 17, shared.length - weights - 3);
        return dense;
    }

    @Test
    void givenOneLayerOnly_whenDifferentiated_thenCentralDifferencesAgree() {
        int[] widths = {7, 3};
        ReferenceLoss reference = new ReferenceLoss(widths, images, labels, 0.1, 0.4, 0, true);
        double[] exact = IntStream.range(0, 24).mapToDouble(k -> parameters[k]).toArray();

        Computed computed = compute(widths, new Schedule.Step(BATCH, 1, 0.1, 0.4, 0, 0, 1, 1), bounds(true));

        for (int k = 0; k < exact.length; ++k) {
            assertEquals(reference.derivative(exact, k), computed.gradient()[k], TOLERANCE, "parameter " + k);
        }
    }

    /** The regularisers must be at work in the cases above, not cut off at zero. */
    @Test
    void givenTheTestNetwork_whenRegularised_thenTheLossRises() {
        Computed plain = compute(WIDTHS, new Schedule.Step(BATCH, 1, 0.1, 0.3, 0, 0, 1, 1), bounds(true));
        Computed regularised = compute(WIDTHS, new Schedule.Step(BATCH, 1, 0.1, 0.3, 0.5, 0, 1, 1), bounds(true));

        assertTrue(regularised.loss() > plain.loss() + 0.1, plain.loss() + " and " + regularised.loss());
    }

    @Test
    void givenAPartOfABatch_whenComputed_thenTheRestOfTheBuffersIsIgnored() {
        ReferenceLoss two = new ReferenceLoss(WIDTHS, images, new int[] {2, 0}, 0.1, 0.3, 0.5, true);
        double[] exact = IntStream.range(0, parameters.length).mapToDouble(k -> parameters[k]).toArray();

        Computed computed = compute(WIDTHS, new Schedule.Step(2, 1, 0.1, 0.3, 0.5, 0, 1, 1), bounds(true));

        assertEquals(two.at(exact), computed.loss(), TOLERANCE);
        for (int k = 0; k < parameters.length; ++k) {
            assertEquals(two.derivative(exact, k), computed.gradient()[k], TOLERANCE, "parameter " + k);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // copies, images, lambda, eta
        "2, 5, 0,  0",
        "2, 5, 10, 0",
        "2, 5, 0,  0.5",
        "2, 3, 10, 0.5",
        "3, 5, 5,  0.25",
        "4, 1, 20, 1",
    })
    void givenNoisyCopies_whenDifferentiated_thenCentralDifferencesAgree(
            int copies, int count, double lambda, double eta) {
        float[] noisy = new float[copies * count * WIDTHS[0]];
        Random random = new Random(9);
        for (int k = 0; k < noisy.length; ++k) {
            noisy[k] = (float) (images[k % (count * WIDTHS[0])] + 0.5 * random.nextGaussian());
        }
        int[] first = Arrays.copyOf(labels, count);
        ReferenceLoss reference = ReferenceLoss.ofCopies(WIDTHS, noisy, first, copies, lambda, eta);
        double[] exact = IntStream.range(0, parameters.length).mapToDouble(k -> parameters[k]).toArray();

        Computed computed = compute(WIDTHS, noisy, new Schedule.Step(count, copies, 0, 1, 0, 0, 1, 1),
                new GaussianAugmentation(0.5, copies, lambda, eta));

        double tolerance = TOLERANCE * (1 + lambda);
        assertEquals(reference.at(exact), computed.loss(), tolerance);
        for (int k = 0; k < parameters.length; ++k) {
            assertEquals(reference.derivative(exact, k), computed.gradient()[k], tolerance, "parameter " + k);
        }
    }

    /** Only whether the last layer is elided matters here: a step brings its own radius and weights. */
    private static Objective bounds(boolean elided) {
        return new IntervalBounds(0.1, 1, 0, 0, Ramp.LINEAR, 1, 0, 0, 0, elided, 0);
    }

    private record Computed(double loss, float[] gradient) {}

    private Computed compute(int[] widths, Schedule.Step step, Objective objective) {
        return compute(widths, images, step, objective);
    }

    private Computed compute(int[] widths, float[] images, Schedule.Step step, Objective objective) {
        ParameterLayout layout = new ParameterLayout(widths, Optional.empty());
        return compute(layout, images, Arrays.copyOf(parameters, (int) layout.length()), step, objective);
    }

    private Computed compute(ParameterLayout layout, float[] images, float[] start, Schedule.Step step, Objective objective) {
        try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            int count = start.length;
            DeviceBuffer gradient = memory.allocate(count);
            backend.fill(gradient, Float.NaN);
            StepScalars scalars = new StepScalars(backend, memory, layout.widths(), 1);
            scalars.load(List.of(step));
            DeviceBuffer first = memory.holding(new int[] {0});
            LossGradient loss = new LossGradient(backend, memory, layout, BATCH, objective, scalars,
                    memory.holding(start), gradient);
            backend.fill(loss.images(), Float.NaN);
            backend.write(images, loss.images());
            backend.write(labels, loss.labels());

            Backend.Replay replay = memory.record(() -> {
                backend.indexing().copyRows(first, 0, scalars.current());
                loss.compute(step.needs());
            });
            replay.run();
            replay.run();

            float[] result = new float[count];
            float[] terms = new float[LossGradient.TERMS];
            backend.read(gradient, result);
            backend.read(loss.losses(), terms);
            double total = (step.kappa() * (terms[LossGradient.NATURAL] + terms[LossGradient.DISAGREEMENT])
                    + (1 - step.kappa()) * terms[LossGradient.WORST_CASE]) / step.rows()
                    + terms[LossGradient.REGULARISERS];
            return new Computed(total, result);
        }
    }
}

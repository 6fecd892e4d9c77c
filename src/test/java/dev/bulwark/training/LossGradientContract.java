package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Parameters;
import dev.bulwark.plan.Plan;
import dev.bulwark.training.Objective.GaussianAugmentation;
import dev.bulwark.training.Objective.IntervalBounds;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gradient written by hand, on any backend, against central differences of an independent loss in double. Every step
 * is replayed twice: nothing may be left over from the first time.
 */
abstract class LossGradientContract {

    private static final int BATCH = 5;
    private static final int[] LABELS = {2, 0, 1, 1, 0};

    /** Float sums of a few dozen terms of order 1, and the central difference's own error. */
    private static final double TOLERANCE = 5e-6;

    abstract Backend open();

    /** Of order 1, some of them at the ends of the pixels' range. */
    private static float[] images(Graph graph) {
        Random random = new Random(7);
        float[] images = new float[BATCH * graph.input().size()];
        for (int i = 0; i < images.length; ++i) {
            images[i] = random.nextInt(4) == 0 ? random.nextInt(2) : random.nextFloat();
        }
        return images;
    }

    static Stream<Arguments> kinds() {
        return Stream.of(Nets.values()).flatMap(net -> Stream.of(
                // epsilon, kappa, lambda, elided
                arguments(net, 0, 1, 0, false),
                arguments(net, 0.1, 0, 0, false),
                arguments(net, 0.1, 0, 0, true),
                arguments(net, 0.1, 0.3, 0, false),
                arguments(net, 0.1, 0.3, 0, true),
                arguments(net, 0.02, 0.75, 0, true),
                arguments(net, 0.1, 0.3, 0.5, false),
                arguments(net, 0.1, 0.3, 0.5, true),
                arguments(net, 0.3, 0, 0.5, true),
                arguments(net, 0.1, 1, 0.5, true)))
                .filter(kind -> ((Nets) kind.get()[0]).canBeElided() || !(boolean) kind.get()[4])
                .filter(kind -> kind.get()[0] != Nets.ONE_LAYER || ((Number) kind.get()[3]).doubleValue() == 0);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void givenATinyNetwork_whenDifferentiated_thenCentralDifferencesAgree(
            Nets net, double epsilon, double kappa, double lambda, boolean elided) {
        Graph graph = net.drawn(5);
        ReferenceLoss reference = new ReferenceLoss(graph, images(graph), LABELS, epsilon, kappa, lambda, elided);

        Computed computed = compute(graph, images(graph), step(BATCH, 1, epsilon, kappa, lambda),
                bounds(elided));

        assertAgree(reference, graph, computed, TOLERANCE);
    }

    private static void assertAgree(ReferenceLoss reference, Graph graph, Computed computed, double tolerance) {
        float[] parameters = Parameters.of(graph);
        double[] exact = IntStream.range(0, parameters.length).mapToDouble(k -> parameters[k]).toArray();
        double loss = reference.at(exact);
        assertEquals(loss, computed.loss(), tolerance * Math.max(1, loss));
        for (int k = 0; k < exact.length; ++k) {
            double slope = reference.derivative(exact, k);
            assertEquals(slope, computed.gradient()[k], tolerance * Math.max(1, Math.abs(slope)), "parameter " + k);
        }
    }

    /** The regularisers must be at work in the cases above, not cut off at zero. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ONE_LAYER")
    void givenATinyNetwork_whenRegularised_thenTheLossRises(Nets net) {
        Graph graph = net.drawn(5);
        boolean elided = net.canBeElided();
        Computed plain = compute(graph, images(graph), step(BATCH, 1, 0.1, 0.3, 0), bounds(elided));
        Computed regularised = compute(graph, images(graph), step(BATCH, 1, 0.1, 0.3, 0.5),
                bounds(elided));

        assertTrue(regularised.loss() > plain.loss() + 0.1, plain.loss() + " and " + regularised.loss());
    }

    @ParameterizedTest
    @EnumSource(names = {"DENSE", "RESIDUAL"})
    void givenAPartOfABatch_whenComputed_thenTheRestOfTheBuffersIsIgnored(Nets net) {
        Graph graph = net.drawn(5);
        ReferenceLoss two = new ReferenceLoss(graph, images(graph), new int[] {2, 0}, 0.1, 0.3, 0.5, true);

        Computed computed = compute(graph, images(graph), step(2, 1, 0.1, 0.3, 0.5), bounds(true));

        assertAgree(two, graph, computed, TOLERANCE);
    }

    @ParameterizedTest
    @CsvSource({
        // copies, images, lambda, eta
        "DENSE, 2, 5, 0,  0",
        "DENSE, 2, 5, 10, 0",
        "DENSE, 2, 5, 0,  0.5",
        "DENSE, 2, 3, 10, 0.5",
        "DENSE, 3, 5, 5,  0.25",
        "DENSE, 4, 1, 20, 1",
        "CONVOLUTIONS, 2, 5, 10, 0.5",
        "RESIDUAL, 2, 3, 10, 0.5",
        "FORKED, 2, 3, 10, 0.5",
    })
    void givenNoisyCopies_whenDifferentiated_thenCentralDifferencesAgree(
            Nets net, int copies, int count, double lambda, double eta) {
        Graph graph = net.drawn(5);
        float[] images = images(graph);
        float[] noisy = new float[copies * count * graph.input().size()];
        Random random = new Random(9);
        for (int k = 0; k < noisy.length; ++k) {
            noisy[k] = (float) (images[k % (count * graph.input().size())] + 0.5 * random.nextGaussian());
        }
        ReferenceLoss reference = ReferenceLoss.ofCopies(graph, noisy, Arrays.copyOf(LABELS, count), copies, lambda, eta);

        Computed computed = compute(graph, noisy, step(count, copies, 0, 1, 0),
                new GaussianAugmentation(0.5, copies, lambda, eta));

        assertAgree(reference, graph, computed, TOLERANCE * (1 + lambda));
    }

    static Stream<Arguments> attacks() {
        return Stream.of(Nets.values()).flatMap(net -> Stream.of(
                // epsilon, kappa, adversary, elided
                arguments(net, 0.2, 0.4, Adversary.points(1), false),
                arguments(net, 0.2, 0.4, Adversary.points(3), true),
                arguments(net, 0.2, 0, Adversary.smallBoxes(2, 0.4), false),
                arguments(net, 0.2, 0.4, Adversary.smallBoxes(4, 0.25), true)))
                .filter(kind -> ((Nets) kind.get()[0]).canBeElided() || !(boolean) kind.get()[4]);
    }

    /** The attack's points count as given, as images do: how they follow from the parameters is no part of the gradient. */
    @ParameterizedTest
    @MethodSource("attacks")
    void givenAnAttack_whenDifferentiated_thenCentralDifferencesAgreeAtItsPoints(
            Nets net, double epsilon, double kappa, Adversary adversary, boolean elided) {
        Graph graph = net.drawn(5);
        float[] images = images(graph);

        Computed computed = compute(graph, images, step(BATCH, 1, epsilon, kappa, 0),
                ((IntervalBounds) bounds(elided)).withAdversary(adversary));

        float[] points = computed.points();
        boolean centres = adversary.use() == Adversary.Use.CENTRES;
        for (int k = 0; k < images.length; ++k) {
            double reach = (centres ? 1 - adversary.share() : 1) * epsilon;
            assertTrue(Math.abs(points[k] - images[k]) <= reach + 1e-6 && points[k] >= 0 && points[k] <= 1,
                    points[k] + " is too far from " + images[k]);
        }
        assertTrue(meanLoss(graph, points) > meanLoss(graph, images), "the attack finds something");
        assertAgree(centres ? new ReferenceLoss(graph, images, points, LABELS, adversary.share() * epsilon, kappa, elided)
                : new ReferenceLoss(graph, points, images, LABELS, epsilon, kappa, elided), graph, computed, TOLERANCE);
    }

    private static double meanLoss(Graph graph, float[] images) {
        float[] parameters = Parameters.of(graph);
        return new ReferenceLoss(graph, images, LABELS, 0, 1, 0, false)
                .at(IntStream.range(0, parameters.length).mapToDouble(k -> parameters[k]).toArray());
    }

    @Test
    void givenASumAtTheEnd_whenItIsToBeElided_thenTheComplaintSaysWhy() {
        Graph graph = Nets.FORKED.drawn(5);
        String message = assertThrows(IllegalArgumentException.class, () -> compute(graph, images(graph),
                step(BATCH, 1, 0.1, 0.3, 0), bounds(true))).getMessage();
        assertEquals("only a dense layer at the end can be elided: train without elision", message);
    }

    /** Only whether the last layer is elided matters here: a step brings its own radius and weights. */
    private static Objective bounds(boolean elided) {
        return elided ? IntervalBounds.of(0.1) : IntervalBounds.of(0.1).withoutElision();
    }

    /** @param points the attack's, or the images */
    private record Computed(double loss, float[] gradient, float[] points) {}

    /** A step of no length. */
    private static Schedule.Step step(int rows, int copies, double epsilon, double kappa, double lambda) {
        return new Schedule.Step(rows, copies, new Progress.Settings(epsilon, kappa, 0), lambda,
                new Schedule.Step.Moments(1, 1));
    }

    private Computed compute(Graph graph, float[] images, Schedule.Step step, Objective objective) {
        try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            Plan plan = memory.owning(Plan.load(backend, graph));
            Plan gradient = memory.owning(Plan.load(backend, graph));
            backend.fill(gradient.parameters(), Float.NaN);
            StepScalars scalars = new StepScalars(memory, plan, objective.adversary(), 1);
            scalars.load(List.of(step));
            DeviceBuffer first = memory.holding(new int[] {0});
            LossGradient loss = new LossGradient(memory, plan, gradient, BATCH, objective, scalars);
            backend.fill(loss.images(), Float.NaN);
            backend.write(images, loss.images());
            backend.write(LABELS, loss.labels());

            Backend.Replay replay = memory.record(() -> {
                backend.indexing().copyRows(first, 0, scalars.current());
                loss.compute(step.needs());
            });
            replay.run();
            backend.write(images, loss.images()); // which an attack may have moved
            replay.run();

            float[] terms = HostArrays.read(backend, loss.losses());
            double total = (step.settings().kappa() * (terms[LossGradient.NATURAL] + terms[LossGradient.DISAGREEMENT])
                    + (1 - step.settings().kappa()) * terms[LossGradient.WORST_CASE]) / step.rows()
                    + terms[LossGradient.REGULARISERS];
            return new Computed(total, HostArrays.read(backend, gradient.parameters()),
                    loss.attackedPoints().map(points -> HostArrays.read(backend, points)).orElse(images));
        }
    }
}

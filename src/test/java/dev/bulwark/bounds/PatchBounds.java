package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.RandomGraph;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Units that go back in patches, wherever there are any, beside the same units as whole forms, on one backend. */
abstract class PatchBounds extends BoundsFixture {

    private static final double NONE = 0;
    /** However large. */
    private static final double ALL = Double.POSITIVE_INFINITY;
    private static final Crown.Settings CROWN = new Crown.Settings(Crown.Units.CROWN, false, 0);
    private static final Crown.Settings TEXTBOOK = new Crown.Settings(Crown.Units.CROWN, true, 0);

    /** What one network is made of. */
    private final class Net {
        private final SplittableRandom random;
        private final Graph.Builder builder;
        private int value = Graph.Builder.INPUT;

        Net(long seed, int channels, int height, int width) {
            random = new SplittableRandom(seed);
            builder = new Graph.Builder(Shape.of(channels, height, width));
        }

        private Tensor tensor(double reach, int... dimensions) {
            Shape shape = Shape.of(dimensions);
            return Tensor.of(shape, RandomCase.values(random, shape.size(), -reach, reach));
        }

        Net add(Op op) {
            value = builder.add(op, value);
            return this;
        }

        Net conv(int channels, int groups, Axis height, Axis width) {
            int seen = builder.shape(value).image().channels() / groups;
            double reach = 2 / Math.sqrt(seen * height.kernel() * width.kernel());
            return add(new Op.Conv2d(tensor(reach, channels, seen, height.kernel(), width.kernel()), tensor(0.3, channels),
                    new Windows(height, width), groups));
        }

        Net conv(int channels, int kernel, int stride, int padding) {
            Axis axis = new Axis(kernel, stride, padding, padding, 1);
            return conv(channels, 1, axis, axis);
        }

        Net relu() {
            return add(new Op.Relu());
        }

        Net scale() {
            int channels = builder.shape(value).image().channels();
            return add(new Op.Scale(tensor(1.5, channels), Tensor.vector(RandomCase.values(random, channels, 0.7, 1.3)),
                    tensor(0.3, channels)));
        }

        Net norm() {
            int channels = builder.shape(value).image().channels();
            return add(new Op.BatchNorm(tensor(1.5, channels), tensor(0.3, channels), tensor(0.3, channels),
                    Tensor.vector(RandomCase.values(random, channels, 0.3, 2)), 1e-5));
        }

        Net plus(int of) {
            value = builder.add(new Op.Add(), value, of);
            return this;
        }

        Graph end() {
            add(new Op.Flatten());
            int size = builder.shape(value).size();
            add(new Op.Dense(tensor(2 / Math.sqrt(size), 3, size), tensor(0.3, 3)));
            return builder.build();
        }
    }

    /** Networks whose hidden units see parts of the image. */
    private List<Graph> nets() {
        Net residual = new Net(7, 2, 6, 6).conv(3, 3, 1, 1).relu();
        int first = residual.value;
        return List.of(
                new Net(1, 3, 9, 8).conv(4, 4, 2, 1).relu().conv(5, 4, 2, 1).relu().conv(2, 2, 1, 0).relu().end(),
                new Net(2, 2, 7, 7).scale().conv(3, 3, 1, 1).norm().relu().conv(3, 3, 1, 1).norm().relu().conv(2, 3, 2, 1)
                        .norm().relu().end(),
                new Net(3, 2, 11, 10).conv(4, 2, new Axis(3, 1, 0, 2, 2), new Axis(2, 2, 1, 0, 1)).relu()
                        .conv(6, 2, new Axis(2, 2, 1, 1, 3), new Axis(3, 1, 2, 0, 1)).relu().conv(3, 3, 1, 1).relu().end(),
                new Net(4, 2, 9, 9).conv(3, 3, 1, 1).relu().add(new Op.AveragePool2d(Windows.square(2, 2), false)).relu()
                        .conv(3, 3, 1, 1).relu().end(),
                new Net(5, 2, 8, 8).conv(3, 3, 1, 1).relu().add(new Op.AveragePool2d(Windows.square(3, 2, 1), true))
                        .conv(3, 2, 1, 1).relu().add(new Op.AveragePool2d(Windows.square(3, 2, 1), false)).conv(2, 1, 1, 0)
                        .relu().end(),
                new Net(6, 1, 8, 9).conv(4, 3, 1, 0).conv(3, 3, 1, 1).add(new Op.LeakyRelu(0.2f)).conv(3, 3, 1, 1)
                        .add(new Op.Sigmoid()).conv(2, 3, 1, 1).add(new Op.Tanh()).end(),
                residual.conv(3, 3, 1, 1).relu().conv(3, 3, 1, 1).plus(first).relu().conv(4, 3, 2, 1).relu().conv(2, 2, 1, 0)
                        .relu().end(),
                new Net(8, 2, 8, 8).conv(3, 3, 1, 1).relu().add(new Op.MaxPool2d(Windows.square(2, 2))).conv(4, 3, 1, 1)
                        .relu().conv(2, 3, 1, 1).relu().end(),
                new Net(9, 2, 4, 8).conv(4, 3, 1, 1).relu().add(new Op.Reshape(Shape.of(2, 8, 8))).conv(3, 3, 2, 1).relu()
                        .conv(3, 3, 1, 1).relu().end());
    }

    /** Logits and margins of one box, with patches up to a share of an image. */
    private float[] bounds(Plan plan, Crown.Settings settings, InputRegion region, double most) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            CrownPass pass = new CrownPass(memory, plan, 1, 50, settings, most);
            pass.relax(new int[1], region);
            float[] logits = pass.logits();
            float[] margins = pass.margins(FormRows.all(1, plan.classes()));
            float[] all = Arrays.copyOf(logits, logits.length + margins.length);
            System.arraycopy(margins, 0, all, logits.length, margins.length);
            return all;
        }
    }

    private static void assertClose(float[] whole, float[] patches, String name) {
        double scale = 1;
        for (float bound : whole) {
            scale = Math.max(scale, Math.abs(bound));
        }
        for (int k = 0; k < whole.length; ++k) {
            assertEquals(whole[k], patches[k], 2e-5 * scale, name + ", form " + k);
        }
    }

    private static void requireSound(Graph graph, Box box, float[] bounds, String name) {
        SplittableRandom random = new SplittableRandom(3);
        int classes = graph.classes();
        for (int sample = 0; sample < 4; ++sample) {
            float[] point = new float[box.size()];
            for (int i = 0; i < point.length; ++i) {
                point[i] = random.nextBoolean() ? box.lower(i) : box.upper(i);
            }
            BigDecimal[] logits = ExactGraph.logits(graph, ExactGraph.exactly(point));
            for (int c = 0; c < classes; ++c) {
                assertTrue(new BigDecimal(bounds[c]).compareTo(logits[c]) <= 0, name);
                assertTrue(new BigDecimal(bounds[classes + c]).compareTo(logits[c].negate()) <= 0, name);
                assertTrue(new BigDecimal(bounds[2 * classes + c]).compareTo(logits[0].subtract(logits[c])) <= 0, name);
            }
        }
    }

    @Test
    void givenConvolutionsOfAllKinds_whenUnitsGoBackInPatches_thenBoundsAreThoseOfWholeForms() {
        List<Graph> nets = nets();
        for (int n = 0; n < nets.size(); ++n) {
            Graph graph = nets.get(n);
            Box box = box(graph, n, 0.5, 0.125);
            try (Plan plan = Plan.load(backend, graph)) {
                for (Crown.Settings settings : List.of(CROWN, TEXTBOOK)) {
                    String name = "network " + n + ", " + settings;
                    float[] whole = bounds(plan, settings, InputRegion.box(backend, box), NONE);
                    float[] patches = bounds(plan, settings, InputRegion.box(backend, box), ALL);
                    assertClose(whole, patches, name);
                    requireSound(graph, box, patches, name);
                }
                assertClose(bounds(plan, TEXTBOOK, InputRegion.box(backend, box), NONE),
                        bounds(plan, TEXTBOOK, InputRegion.box(backend, box), 0.3), "network " + n + ", small patches alone");
            }
        }
    }

    /** As deep as can be, and no further: what ends patches is told by where they end. */
    @Test
    void givenConvolutionsOfAllKinds_whenAskedHowFarPatchesGo_thenToWhatEndsThem() {
        int[][] ends = { // of the last hidden units: where they begin and where patches end
            {5, 0}, {9, 0}, {5, 0}, {5, 0}, {7, 6}, {6, 0}, {10, 6}, {6, 3}, {5, 1}};
        List<Graph> nets = nets();
        for (int n = 0; n < nets.size(); ++n) {
            try (Plan plan = Plan.load(backend, nets.get(n))) {
                assertEquals(Optional.of(ends[n][1]), PatchRoute.of(plan, ends[n][0], ALL).map(PatchRoute::end), "network " + n);
            }
        }
    }

    @Test
    void givenAnyGraph_whenUnitsGoBackInPatches_thenBoundsAreThoseOfWholeForms() {
        int some = 0;
        for (long seed = 1; seed <= 12; ++seed) {
            Graph graph = RandomGraph.of(seed);
            Box box = box(graph, seed, 0.5, 0.125);
            try (Plan plan = Plan.load(backend, graph)) {
                float[] patches = bounds(plan, TEXTBOOK, InputRegion.box(backend, box), ALL);
                assertClose(bounds(plan, TEXTBOOK, InputRegion.box(backend, box), NONE), patches, "seed " + seed);
                for (int value = 1; value < plan.values(); ++value) {
                    some += PatchRoute.of(plan, value, ALL).isPresent() ? 1 : 0;
                }
            }
        }
        assertTrue(some > 20, "values that have patches: " + some);
    }

    /** Over balls forms end in the dual norm, as whole forms. */
    @Test
    void givenABallOfAnotherNorm_whenUnitsGoBackInPatches_thenBoundsAreThoseOfWholeForms() {
        Graph graph = nets().get(0);
        float[] image = RandomCase.values(new SplittableRandom(4), graph.input().size(), 0.2, 0.8);
        try (Plan plan = Plan.load(backend, graph); DeviceMemory memory = new DeviceMemory(backend)) {
            for (Norm norm : new Norm[] {Norm.ONE, Norm.TWO}) {
                Region region = Region.around(image, Ball.aroundFloats(0.3).in(norm));
                assertClose(bounds(plan, TEXTBOOK, InputRegion.of(region, plan, memory), NONE),
                        bounds(plan, TEXTBOOK, InputRegion.of(region, plan, memory), ALL), norm.toString());
            }
        }
    }

    /** Forms of several images go together, in an order of their own. */
    @Test
    void givenSeveralImages_whenUnitsGoBackInPatches_thenBoundsAreThoseOfEachAlone() {
        Graph graph = new Net(11, 2, 12, 12).conv(3, 3, 1, 1).relu().conv(4, 3, 1, 1).relu().conv(2, 3, 2, 1).relu().end();
        int inputs = graph.input().size();
        float[] images = RandomCase.values(new SplittableRandom(5), 3 * inputs, 0, 1);
        List<Ball> balls = List.of(Ball.aroundFloats(0.05), Ball.aroundFloats(0.1), Ball.aroundFloats(0.02));
        try (Plan plan = Plan.load(backend, graph); Crown together = new Crown(plan, 0); Crown alone = new Crown(plan, 0)) {
            assertTrue(PatchRoute.of(plan, 5, PatchPass.SHARE).isPresent());
            List<Bounds> all = together.verify(images, new int[] {0, 1, 2}, balls);
            for (int n = 0; n < 3; ++n) {
                float[] image = Arrays.copyOfRange(images, n * inputs, (n + 1) * inputs);
                float[] own = alone.verify(image, new int[] {n}, balls.subList(n, n + 1)).get(0).marginLower();
                assertArrayEquals(own, all.get(n).marginLower(), 1e-5f, "image " + n);
            }
        }
    }

    /** Patches are of no use where they are as large as what they are of. */
    @Test
    void givenWindowsOverTheWholeImage_whenAskedForPatches_thenThereAreNone() {
        try (Plan plan = Plan.load(backend, new Net(1, 2, 4, 4).conv(3, 3, 1, 1).relu().conv(3, 3, 1, 0).relu().end())) {
            assertFalse(PatchRoute.of(plan, 3, PatchPass.SHARE).isPresent());
            assertTrue(PatchRoute.of(plan, 3, ALL).isPresent());
            assertEquals(new ImageShape(3, 2, 2), PatchRoute.of(plan, 3, ALL).orElseThrow().units());
        }
    }
}

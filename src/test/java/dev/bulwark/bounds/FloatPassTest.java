package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FloatPassTest {

    private final Backend backend = CpuBackend.create();

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    private double[] errors(Graph net, float[] image) {
        try (Plan plan = Plan.load(backend, net)) {
            return FloatPass.errors(net, image);
        }
    }

    /** Floats summed in a random order, fused or not, against exact decimals. */
    @Test
    void givenAnyOrderOfSummation_whenPassed_thenFloatsLieWithinTheirErrorOfTheRealNumbers() {
        SplittableRandom random = new SplittableRandom(6);
        double closest = Double.POSITIVE_INFINITY;
        for (int net = 0; net < 300; ++net) {
            List<Op.Dense> layers = new ArrayList<>();
            int in = random.nextInt(1, 20);
            float[] image = RandomCase.values(random, in, 0, 1);
            for (int k = random.nextInt(1, 4); k > 0; --k) {
                int out = random.nextInt(1, 20);
                float[] weight = RandomCase.values(random, in * out, -1, 1);
                for (int i = 1; i < weight.length; i += 2) {
                    weight[i] = random.nextBoolean() ? -weight[i - 1] : Math.scalb(weight[i], random.nextInt(-40, 20));
                }
                layers.add(Mlp.dense(in, out, weight, RandomCase.values(random, out, -1, 1)));
                in = out;
            }
            double[] errors = errors(Mlp.of(layers), image);
            BigDecimal[] exact = new ExactNetwork(Mlp.of(layers)).logits(image);
            float[] floats = pass(layers, image, random);
            for (int c = 0; c < floats.length; ++c) {
                double off = Math.abs(new BigDecimal(floats[c]).subtract(exact[c]).doubleValue());
                assertTrue(off <= 2 * errors[c], off + " is more than twice " + errors[c]);
                closest = Math.min(closest, off == 0 ? closest : 2 * errors[c] / off);
            }
        }
        assertTrue(closest < 1000, "the error says something: " + closest);
    }

    private static float[] pass(List<Op.Dense> layers, float[] image, SplittableRandom random) {
        float[] x = image;
        for (int k = 0; k < layers.size(); ++k) {
            Op.Dense layer = layers.get(k);
            float[] y = new float[layer.out()];
            for (int o = 0; o < layer.out(); ++o) {
                boolean fused = random.nextBoolean();
                boolean backwards = random.nextBoolean();
                float sum = backwards ? 0 : layer.bias().toArray()[o];
                for (int i = 0; i < layer.in(); ++i) {
                    int at = backwards ? layer.in() - 1 - i : i;
                    float w = layer.weight().toArray()[o * layer.in() + at];
                    sum = fused ? Math.fma(w, x[at], sum) : sum + w * x[at];
                }
                y[o] = backwards ? sum + layer.bias().toArray()[o] : sum;
                y[o] = k < layers.size() - 1 ? Math.max(y[o], 0) : y[o];
            }
            x = y;
        }
        return x;
    }

    @Test
    void givenAPassThatMayOverflow_whenAsked_thenNothingIsKnownOfIt() {
        Graph net = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {2e38f, -2e38f, 1, 0}, new float[2]),
                Mlp.dense(2, 2, new float[] {1, 0, 0, 1}, new float[2])));
        double[] errors = errors(net, new float[] {1, 1});
        assertEquals(Double.POSITIVE_INFINITY, errors[0], "2e38 - 2e38 in another order than with the bias");
        assertTrue(Double.isNaN(errors[1]) || errors[1] < 1e-6 || Double.isInfinite(errors[1]));
    }

    /** Margins of 1 that the logits deny: by a hundredth of what floats may be off by, and by far more. */
    @Test
    void givenADisagreement_whenRoundingMayBeIts_thenItIsNoneAndElseItIsOne() {
        Graph net = Mlp.of(List.of(Mlp.dense(1, 2, new float[] {1, 0}, new float[] {0, 1})));
        float[] image = {1};
        Bounds bounds = new Bounds(0, 1, new Box(new float[] {-9, -9}, new float[] {9, 9}), new float[] {0, 1e-7f});
        try (Plan plan = Plan.load(backend, net)) {
            assertTrue(FloatPass.disagrees(bounds));
            assertDoesNotThrow(() -> FloatPass.requireNoContradiction(net, 0, bounds, image,
                    new float[] {1, 1}));
            assertDoesNotThrow(() -> FloatPass.requireNoContradiction(net, 0, bounds, image,
                    new float[] {Float.NaN, 1}), "floats that say nothing deny nothing");
            assertThrows(IllegalStateException.class, () -> FloatPass.requireNoContradiction(net, 0,
                    bounds, image, new float[] {1, 1.001f}));
        }
    }
}

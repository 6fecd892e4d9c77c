package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.nn.Dense;
import dev.bulwark.nn.DeviceNetwork;
import dev.bulwark.nn.Network;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Random networks against exact arithmetic: bounds hold the real numbers, and give away no more than rounding. */
abstract class IbpProperties {

    private Backend backend;

    abstract Backend open();

    /** How far from the exact bounds those of a {@link Case} may lie. */
    abstract double slack();

    @BeforeProperty
    void start() {
        backend = open();
    }

    @AfterProperty
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    /** A random case: a network of one to three layers with an asymmetric box around an image. */
    private record Case(Network network, Box box, float[] image, int label) {

        static Case of(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Dense> layers = new ArrayList<>();
            int inputs = random.nextInt(1, 6);
            int in = inputs;
            for (int i = random.nextInt(3); i >= 0; --i) {
                int out = i == 0 ? random.nextInt(2, 5) : random.nextInt(1, 20);
                layers.add(new Dense(in, out, values(random, in * out, -1, 1), values(random, out, -1, 1)));
                in = out;
            }
            float[] image = values(random, inputs, 0, 1);
            float[] lower = image.clone();
            float[] upper = image.clone();
            for (int k = 0; k < inputs; ++k) {
                lower[k] -= (float) (0.2 * random.nextDouble());
                upper[k] += (float) (0.1 * random.nextDouble());
            }
            return new Case(Network.mlp(layers), new Box(lower, upper), image, random.nextInt(in));
        }

        private static float[] values(SplittableRandom random, int length, double from, double to) {
            float[] values = new float[length];
            for (int k = 0; k < length; ++k) {
                values[k] = (float) random.nextDouble(from, to);
            }
            return values;
        }

        Bounds verify(Backend backend) {
            try (DeviceNetwork onDevice = DeviceNetwork.load(backend, network); Ibp ibp = new Ibp(backend, onDevice)) {
                return ibp.verify(box, image, label);
            }
        }
    }

    @Property(tries = 300)
    void boundsEncloseExactIntervalsClosely(@ForAll long seed) {
        Case c = Case.of(seed);
        Bounds bounds = c.verify(backend);
        ExactNetwork exact = new ExactNetwork(c.network());
        ExactNetwork.Interval logits = exact.logits(c.box());
        BigDecimal[] margins = exact.margins(c.box(), c.label());
        for (int k = 0; k < margins.length; ++k) {
            assertJustBelow(logits.lower()[k], bounds.lower()[k]);
            assertJustBelow(logits.upper()[k].negate(), -bounds.upper()[k]);
            assertJustBelow(margins[k], bounds.marginLower()[k]);
        }
    }

    private void assertJustBelow(BigDecimal exact, float bound) {
        assertTrue(new BigDecimal(bound).compareTo(exact) <= 0, bound + " is above " + exact);
        assertEquals(exact.doubleValue(), bound, slack());
    }

    @Property(tries = 300)
    void sampledPointsOfTheBoxStayInsideTheBounds(@ForAll long seed) {
        Case c = Case.of(seed);
        Bounds bounds = c.verify(backend);
        ExactNetwork exact = new ExactNetwork(c.network());
        SplittableRandom random = new SplittableRandom(~seed);
        for (int sample = 0; sample < 20; ++sample) {
            BigDecimal[] logits = exact.logits(pointOf(c.box(), random));
            for (int k = 0; k < logits.length; ++k) {
                assertTrue(new BigDecimal(bounds.lower()[k]).compareTo(logits[k]) <= 0);
                assertTrue(new BigDecimal(bounds.upper()[k]).compareTo(logits[k]) >= 0);
                BigDecimal margin = logits[c.label()].subtract(logits[k]);
                assertTrue(new BigDecimal(bounds.marginLower()[k]).compareTo(margin) <= 0);
            }
        }
    }

    /** Corners, where extremes lie, as often as points between them. */
    private static float[] pointOf(Box box, SplittableRandom random) {
        float[] point = new float[box.size()];
        for (int k = 0; k < point.length; ++k) {
            point[k] = switch (random.nextInt(4)) {
                case 0 -> box.lower(k);
                case 1 -> box.upper(k);
                default -> Math.min(box.upper(k),
                        (float) (box.lower(k) + random.nextDouble() * ((double) box.upper(k) - box.lower(k))));
            };
        }
        return point;
    }

    @Property(tries = 300)
    void boxCertificateImpliesTheElidedOne(@ForAll long seed) {
        Bounds bounds = Case.of(seed).verify(backend);
        assertTrue(bounds.certified() || !bounds.certifiedByBox());
    }
}

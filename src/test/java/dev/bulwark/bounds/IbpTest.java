package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.OutwardIntervals;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Plan;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IbpTest {

    /**
     * Numbers below are small dyadic fractions; boxes of two layers may be wider by the error of float sums of ten terms.
     */
    private static final float ROUNDING = 0x1p-16f;

    private static final float[] IMAGE = {0.25f, 0.5f};

    /** Around {@link #IMAGE}, every side of another length. */
    private static final Box ASYMMETRIC = new Box(new float[] {0.125f, 0.5f}, new float[] {0.5f, 0.75f});

    private final Backend backend = CpuBackend.create();

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    /**
     * h0 = relu(x0 - x1 + 1/2), h1 = relu(-2 x0 + x1 + 1/4); logit0 = 2 h0 - h1 + lead, logit1 = h0 - 3 h1. So
     * logit0 - logit1 = h0 + 2 h1 + lead: the units' harm to logit0 alone is none to the margin.
     */
    private static Graph twoNeurons(float lead) {
        return Mlp.of(List.of(
                Mlp.dense(2, 2, new float[] {1, -1, -2, 1}, new float[] {0.5f, 0.25f}),
                Mlp.dense(2, 2, new float[] {2, -1, 1, -3}, new float[] {lead, 0})));
    }

    private Bounds verify(Graph net, Box box, float[] image, int label) {
        try (Plan plan = Plan.load(backend, net); Ibp ibp = new Ibp(plan)) {
            return ibp.verify(box, image, label);
        }
    }

    private List<Bounds> verify(Graph net, float[] images, int[] labels, double epsilon) {
        try (Plan plan = Plan.load(backend, net); Ibp ibp = new Ibp(plan)) {
            return ibp.verify(images, labels, epsilon);
        }
    }

    @Test
    void givenAsymmetricBox_whenVerified_thenBoundsAreThoseByHand() {
        // h0 in relu [-1/8, 1/2], h1 in relu [-1/4, 3/4].
        Bounds bounds = verify(twoNeurons(1), ASYMMETRIC, IMAGE, 0);
        assertArrayEquals(new float[] {0.25f, -2.25f}, bounds.lower(), ROUNDING);
        assertArrayEquals(new float[] {2, 0.5f}, bounds.upper(), ROUNDING);
        assertArrayEquals(new float[] {0, 1}, bounds.marginLower(), ROUNDING);
        assertEquals(0, bounds.cleanPrediction());
    }

    @Test
    void elidedLastLayerCertifiesWhatTheBoxCannot() {
        Bounds tight = verify(twoNeurons(1), ASYMMETRIC, IMAGE, 0);
        assertTrue(tight.certified());
        assertFalse(tight.certifiedByBox(), "0.25 is below 0.5");
        Bounds wide = verify(twoNeurons(2), ASYMMETRIC, IMAGE, 0);
        assertTrue(wide.certified() && wide.certifiedByBox());
        Bounds open = verify(twoNeurons(-0.5f), ASYMMETRIC, IMAGE, 0);
        assertFalse(open.certified() || open.certifiedByBox());
    }

    @Test
    void givenMarginThatMayVanish_whenVerified_thenNotCertified() {
        assertFalse(verify(twoNeurons(0), ASYMMETRIC, IMAGE, 0).certified());
    }

    @Test
    void givenWrongLabel_whenVerified_thenNotCertified() {
        Bounds bounds = verify(twoNeurons(2), ASYMMETRIC, IMAGE, 1);
        assertFalse(bounds.certified() || bounds.certifiedByBox());
        assertEquals(0, bounds.cleanPrediction());
        assertEquals(1, bounds.label());
    }

    @Test
    void givenEpsilon_whenVerified_thenBoxIsCutToTheUnitInterval() {
        // x in [0, 3/8] x [3/4, 1] after the cut: h0 in relu [-1/2, 1/8], h1 in relu [1/4, 5/4].
        Bounds bounds = verify(twoNeurons(1), new float[] {0.125f, 1}, new int[] {0}, 0.25).get(0);
        assertArrayEquals(new float[] {-0.25f, -3.75f}, bounds.lower(), ROUNDING);
        assertArrayEquals(new float[] {1, -0.625f}, bounds.upper(), ROUNDING);
    }

    @Test
    void givenEpsilonOfZero_whenVerified_thenBoundsCloseOnTheLogits() {
        // h0 = 1/4, h1 = 1/4.
        Bounds bounds = verify(twoNeurons(1), IMAGE, new int[] {0}, 0).get(0);
        assertArrayEquals(new float[] {1.25f, -0.5f}, bounds.lower(), ROUNDING);
        assertArrayEquals(new float[] {1.25f, -0.5f}, bounds.upper(), ROUNDING);
        assertTrue(bounds.certified());
    }

    @Test
    void givenSingleLayer_whenVerified_thenMarginIsItsWorstCase() {
        Graph linear = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, -1, -2, 2}, new float[] {0, 1})));
        // logit0 - logit1 = 3 x0 - 3 x1 - 1, at [5/8, 7/8] x [1/8, 3/8].
        Bounds bounds = verify(linear, new float[] {0.75f, 0.25f}, new int[] {0}, 0.125).get(0);
        assertArrayEquals(new float[] {0, -0.25f}, bounds.marginLower(), ROUNDING);
    }

    @Test
    void boundsDoNotDependOnBatchOrCompany() {
        SplittableRandom random = new SplittableRandom(8);
        float[] images = new float[1100 * 2];
        for (int k = 0; k < images.length; ++k) {
            images[k] = (float) random.nextDouble();
        }
        int[] labels = random.ints(1100, 0, 2).toArray();
        List<Bounds> together = verify(twoNeurons(0.25f), images, labels, 0.1);
        assertEquals(1100, together.size());
        int batch = backend.imagesPerCall();
        for (int n : new int[] {0, Math.min(batch, 1098) - 1, Math.min(batch, 1098), 1099}) {
            float[] image = Arrays.copyOfRange(images, 2 * n, 2 * n + 2);
            Bounds alone = verify(twoNeurons(0.25f), image, new int[] {labels[n]}, 0.1).get(0);
            assertEquals(labels[n], together.get(n).label());
            assertArrayEquals(alone.lower(), together.get(n).lower());
            assertArrayEquals(alone.upper(), together.get(n).upper());
            assertArrayEquals(alone.marginLower(), together.get(n).marginLower());
        }
    }

    @Test
    void givenNoImages_whenVerified_thenNoBounds() {
        assertEquals(List.of(), verify(twoNeurons(1), new float[0], new int[0], 0.1));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void givenEpsilonThatIsNoDistance_whenVerified_thenNamesIt(double epsilon) {
        Exception refusal = assertThrows(IllegalArgumentException.class,
                () -> verify(twoNeurons(1), IMAGE, new int[] {0}, epsilon));
        assertEquals("epsilon must be finite and not negative: " + epsilon, refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(floats = {-0.1f, 1.5f, Float.NaN})
    void givenPixelOutsideTheUnitInterval_whenVerified_thenNamesIt(float pixel) {
        Exception refusal = assertThrows(IllegalArgumentException.class,
                () -> verify(twoNeurons(1), new float[] {0, 0, 0, pixel}, new int[] {0, 0}, 0.1));
        assertEquals("inputs must lie in [0.0, 1.0]: row 1 holds " + pixel + " at element 1", refusal.getMessage());
    }

    @Test
    void givenLabelBeyondTheClasses_whenVerified_thenNamesIt() {
        Exception refusal = assertThrows(IllegalArgumentException.class,
                () -> verify(twoNeurons(1), IMAGE, new int[] {2}, 0.1));
        assertEquals("labels must lie in [0, 2): row 0 holds 2", refusal.getMessage());
    }

    @Test
    void givenFewerImagesThanBefore_whenVerifiedAgain_thenTheSameMemoryHoldsThem() {
        float[] images = {0.75f, 0.25f, 0.1f, 0.9f, 0.5f, 0.5f};
        int[] labels = {0, 1, 0};
        try (Plan plan = Plan.load(backend, twoNeurons(1)); Ibp ibp = new Ibp(plan)) {
            ibp.verify(images, labels, 0.1);
            long live = backend.liveBytes();
            float[] two = Arrays.copyOfRange(images, 2, 6);
            List<Bounds> again = ibp.verify(two, new int[] {1, 0}, 0.1);
            assertEquals(live, backend.liveBytes());
            List<Bounds> fresh = verify(twoNeurons(1), two, new int[] {1, 0}, 0.1);
            for (int n = 0; n < 2; ++n) {
                assertEquals(fresh.get(n).toString(), again.get(n).toString());
                assertArrayEquals(fresh.get(n).marginLower(), again.get(n).marginLower());
            }
        }
    }

    @Test
    void givenImageOutsideItsBox_whenVerified_thenRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> verify(twoNeurons(1), ASYMMETRIC, new float[] {0.9f, 0.5f}, 0));
    }

    @Test
    void givenUnsoundDevice_whenMisclassifiedImageIsCertified_thenFailsLoudly() {
        try (Plan plan = Plan.load(withMarginsOfOne(), twoNeurons(1)); Ibp ibp = new Ibp(plan)) {
            assertTrue(ibp.verify(IMAGE, new int[] {0}, 0.125).get(0).certified());
            Exception failure = assertThrows(IllegalStateException.class,
                    () -> ibp.verify(IMAGE, new int[] {1}, 0.125));
            assertTrue(failure.getMessage().startsWith("image 0 is certified, but"), failure.getMessage());
        }
    }

    /** A backend whose elided margins are wrong: 1 for all classes. */
    private Backend withMarginsOfOne() {
        OutwardIntervals sound = backend.outwardIntervals();
        OutwardIntervals unsound = proxy(OutwardIntervals.class, "margins", sound, arguments -> {
            backend.fill((DeviceBuffer) arguments[arguments.length - 1], 1);
            return null;
        });
        return proxy(Backend.class, "outwardIntervals", backend, arguments -> unsound);
    }

    private static <T> T proxy(Class<T> type, String method, T sound, Function<Object[], Object> instead) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, called, arguments) -> {
                    if (called.getName().equals(method)) {
                        return instead.apply(arguments);
                    }
                    try {
                        return called.invoke(sound, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}

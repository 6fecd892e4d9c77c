package dev.bulwark.smoothing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates under discrete noise, {@link NoiseLaw#DISCRETE}. */
class DiscreteSmoothingTest {

    private static final double SIGMA = 0.25;
    private static final int PIXELS = 256;

    private final Backend backend = CpuBackend.create(Precision.FLOAT32);

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    /**
     * Class 1 if a pixel y in (-1/8, 0) is no multiple of 2^-24, else class 0. The float next to 3/4 - y is a multiple of 2^-24;
     * what its rounding lost comes back by subtractions that are exact, in whichever order, and counts 2^30 times. Where y is
     * below -1/8, 2^40 times the excess takes it off again.
     */
    private static Graph readsTheLastBits() {
        int d = PIXELS;
        float[] first = new float[3 * d * d];
        float[] firstBias = new float[3 * d];
        float[] second = new float[3 * d * 3 * d];
        float[] secondBias = new float[3 * d];
        float[] third = new float[2 * d * 3 * d];
        float[] last = new float[2 * 2 * d];
        for (int k = 0; k < d; ++k) {
            for (int unit = 0; unit < 3; ++unit) {
                int row = unit * d + k;
                first[row * d + k] = -1;
                firstBias[row] = unit == 0 ? 0 : unit == 1 ? 0.75f : -0.125f;
                second[row * 3 * d + row] = 1;
                secondBias[row] = unit == 1 ? -0.75f : 0;
            }
            for (int sign = 0; sign < 2; ++sign) {
                int row = sign * d + k;
                third[row * 3 * d + k] = sign == 0 ? -0x1p30f : 0x1p30f;
                third[row * 3 * d + d + k] = sign == 0 ? 0x1p30f : -0x1p30f;
                third[row * 3 * d + 2 * d + k] = -0x1p40f;
                last[2 * d + row] = 1;
            }
        }
        return Mlp.of(List.of(Mlp.dense(d, 3 * d, first, firstBias), Mlp.dense(3 * d, 3 * d, second, secondBias),
                Mlp.dense(3 * d, 2 * d, third, new float[2 * d]), Mlp.dense(2 * d, 2, last, new float[] {1, 0})));
    }

    private static float[] grey(int level) {
        float[] image = new float[PIXELS];
        Arrays.fill(image, level / 255f);
        return image;
    }

    /**
     * Voracek and Hein's point: 128 / 255 is a multiple of 2^-24 and 127 / 255 is not, and a float sum with noise of -1/2 and
     * beyond, itself a multiple of 2^-24, tells. The smoothed classifier has other classes at the two, 16 / 255 apart, and the
     * certificate of either says that it has not.
     */
    @Test
    void givenANetworkThatReadsTheLastBits_whenCertifiedUnderGaussianNoise_thenTheRadiusIsFalse() {
        assertEquals(Math.rint(128 / 255f * 0x1p24), 128 / 255f * 0x1p24);
        assertTrue(Math.rint(127 / 255f * 0x1p24) != 127 / 255f * 0x1p24);
        try (Plan network = Plan.load(backend, readsTheLastBits());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, SIGMA, 3)) {
            Certificate.Robust one = robust(certify(smoothed, 128));
            Certificate.Robust other = robust(certify(smoothed, 127));
            assertEquals(0, one.label());
            assertEquals(1, other.label());
            assertTrue(Math.min(one.radius(), other.radius()) > 5 * 16 / 255.0, one + " and " + other);
        }
    }

    @Test
    void givenANetworkThatReadsTheLastBits_whenCertifiedUnderDiscreteNoise_thenNoTwoCertificatesContradictEachOther() {
        try (Plan network = Plan.load(backend, readsTheLastBits());
             SmoothedClassifier smoothed = new SmoothedClassifier(network, NoiseLaw.DISCRETE, SIGMA, 3)) {
            Certificate[] found = new Certificate[4];
            for (int k = 0; k < found.length; ++k) {
                found[k] = certify(smoothed, 126 + k).certificate();
            }
            for (int a = 0; a < found.length; ++a) {
                for (int b = 0; b < found.length; ++b) {
                    if (found[a] instanceof Certificate.Robust one && found[b] instanceof Certificate.Robust other) {
                        assertTrue(one.label() == other.label() || one.radius() <= Math.abs(a - b) * 16 / 255.0,
                                one + " at " + (126 + a) + ", " + other + " at " + (126 + b));
                    }
                }
            }
            assertEquals(1, robust(certify(smoothed, 128)).label());
        }
    }

    private static Certification certify(SmoothedClassifier smoothed, int level) {
        return smoothed.certify(grey(level), new int[] {level}, 100, 1000, 0.001).get(0);
    }

    private static Certificate.Robust robust(Certification certification) {
        return (Certificate.Robust) certification.certificate();
    }

    /** Class 1 from t on in the one pixel; under whole bytes it depends on the bytes alone that t lies between. */
    @ParameterizedTest
    @CsvSource({"12.1, 12.9", "-3.9, -3.1"})
    void givenThresholdsBetweenTheSameBytes_whenCertified_thenVotesAreTheSame(float low, float high) {
        int[][] counts = new int[2][];
        for (int k = 0; k < 2; ++k) {
            float t = (k == 0 ? low : high) / 255;
            try (Plan network = Plan.load(backend, Mlp.of(List.of(Mlp.dense(1, 2, new float[] {0, 1}, new float[] {0, -t}))));
                 SmoothedClassifier smoothed = new SmoothedClassifier(network, NoiseLaw.DISCRETE, 0.05, 9)) {
                counts[k] = smoothed.certify(new float[] {10 / 255f}, new int[] {0}, 10, 5000, 0.01).get(0).counts();
            }
        }
        assertArrayEquals(counts[0], counts[1]);
        assertTrue(counts[0][0] > 100 && counts[0][1] > 100, Arrays.toString(counts[0]));
    }

    /** Images apart, together, in parts, and by sequential sampling: the first samples are the same. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void givenAnyBatch_whenCertified_thenVotesAreTheSame(int batch) {
        SplittableRandom random = new SplittableRandom(5);
        float[] images = new float[3 * 50];
        for (int k = 0; k < images.length; ++k) {
            images[k] = random.nextInt(256) / 255f;
        }
        int[] indices = {7, 2, 9};
        try (Plan network = Plan.load(backend, Mlp.of(List.of(dense(random, 50, 9), dense(random, 9, 4))));
             SmoothedClassifier whole = new SmoothedClassifier(network, NoiseLaw.DISCRETE, 0.3, 1);
             SmoothedClassifier parts = new SmoothedClassifier(network, NoiseLaw.DISCRETE, 0.3, 1, batch)) {
            List<Certification> expected = whole.certify(images, indices, 50, 700, 0.01);
            List<Certification> actual = parts.certify(images, indices, 50, 700, 0.01);
            List<Certification> sequential = parts.certify(images, indices, 50, new StoppingRule(List.of(0.1), 700, 0.3, 0.01));
            for (int n = 0; n < 3; ++n) {
                assertArrayEquals(expected.get(n).counts(), actual.get(n).counts());
                assertArrayEquals(sequential.get(n).counts(), whole.certify(Arrays.copyOfRange(images, 50 * n, 50 * n + 50),
                        new int[] {indices[n]}, 50, sequential.get(n).samples(), 0.01).get(0).counts());
            }
        }
    }

    private static Op.Dense dense(SplittableRandom random, int in, int out) {
        float[] values = new float[in * out + out];
        for (int k = 0; k < values.length; ++k) {
            values[k] = (float) (2 * random.nextDouble() - 1);
        }
        return Mlp.dense(in, out, Arrays.copyOf(values, in * out), Arrays.copyOfRange(values, in * out, values.length));
    }

    @ParameterizedTest
    @ValueSource(floats = {0.1f, -1 / 255f, 256 / 255f, 0.50196081f})
    void givenAPixelThatIsNoByte_whenCertified_thenItIsRefusedAndGaussianNoiseIsNot(float pixel) {
        float[] image = {0.2f, pixel};
        try (Plan network = Plan.load(backend, Mlp.of(List.of(Mlp.dense(2, 2, new float[] {3, -4, -3, 4}, new float[2]))));
             SmoothedClassifier smoothed = new SmoothedClassifier(network, NoiseLaw.DISCRETE, 0.3, 1);
             SmoothedClassifier gaussian = new SmoothedClassifier(network, 0.3, 1)) {
            if (pixel * 255 == 128) {
                smoothed.certify(image, new int[] {0}, 5, 5, 0.01);
                image[1] = Math.nextUp(image[1]);
            }
            String refusal = assertThrows(IllegalArgumentException.class,
                    () -> smoothed.predict(image, new int[] {0}, 5, 0.01)).getMessage();
            assertTrue(refusal.contains("bytes over 255") && refusal.contains("" + image[1]), refusal);
            gaussian.certify(image, new int[] {0}, 5, 5, 0.01);
        }
    }

    /** 0.1 as a double lies above the decimal, 0.3 below. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.3, 0.25, 0.12})
    void givenASigma_whenARadiusFollows_thenItIsNeverMoreThanTheDecimalSupports(double sigma) {
        double radius = Radius.of(0.975, sigma).value().orElseThrow();
        BigDecimal quantile = new BigDecimal("1.95996398454005423552459443"); // of 0.975
        assertTrue(new BigDecimal(radius).compareTo(BigDecimal.valueOf(sigma).multiply(quantile)) <= 0);
        assertEquals(sigma * 1.95996398454005, radius, 1e-7);
    }
}

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.ComposedNoisyClassifier;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * The versions of the smoothing kernel beside one another on a real GPU, at the size that matters: their speeds are what
 * each is kept for, and on silicon, too, the half-precision ones must agree: vote by vote, the clustered one nearly so.
 */
@GpuTest
class SmoothingLadderTest {

    private static final int[] WIDTHS = {784, 1024, 512, 256, 10};
    private static final NoiseKey KEY = new NoiseKey(2, Stream.BENCHMARK);
    private static final int IMAGES = 50;
    private static final int SAMPLES = 20_000;

    @Test
    void givenARealGpu_whenEveryVersionCounts_thenHalfPrecisionVotesAgreeAndSpeedsAreTold() {
        assumeTrue(TestGpu.isReal(), "speeds are a real GPU's");
        List<DeviceBuffer> parameters = new ArrayList<>();
        try (CudaBackend backend = TestGpu.open()) {
            List<Affine> layers = network(backend, parameters);
            Smoothing smoothing = backend.smoothing();
            int mostRows = smoothing.mostRows(layers);
            try (NoisyClassifier composed = new ComposedNoisyClassifier(backend, layers);
                 LayeredNoisyClassifier layered = smoothing.layered(layers)) {
                tell("composed, fp32", backend, composed, SAMPLES / 10);
                int[] votes = tell("layered, fp16", backend, layered, SAMPLES);
                for (int rows : new int[] {64, 48, 32}) {
                    if (rows <= mostRows) {
                        try (NoisyClassifier fused = smoothing.fused(layers, rows)) {
                            assertArrayEquals(votes, tell("fused, fp16, " + rows + " rows", backend, fused, SAMPLES));
                        }
                    }
                }
                if (backend.info().libraries().get("kernels").endsWith("compute capability 9.0")) {
                    try (NoisyClassifier clustered = smoothing.clustered(layers)) {
                        assertNearly(votes, tell("clustered, fp16", backend, clustered, SAMPLES));
                    }
                }
            } finally {
                parameters.forEach(DeviceBuffer::close);
            }
        }
    }

    /**
     * Within a layer, wgmma sums in an order of its own: an activation in some hundreds then rounds to the neighbouring
     * fp16 number, which moves logits by less than 0.01 of their spread. So one sample in a hundred is near enough to a
     * tie, and half of those may vote otherwise.
     */
    private static void assertNearly(int[] expected, int[] votes) {
        long moved = 0;
        for (int i = 0; i < votes.length; ++i) {
            moved += Math.abs(votes[i] - expected[i]);
        }
        double share = moved / 2.0 / (IMAGES * (double) SAMPLES);
        System.out.printf("%.2g of all votes differ%n", share);
        assertEquals(Arrays.stream(expected).asLongStream().sum(), Arrays.stream(votes).asLongStream().sum());
        assertTrue(share < 0.01, share + " of all votes differ");
    }

    /** Counts, prints the speed and gives the votes. */
    private static int[] tell(String version, CudaBackend backend, NoisyClassifier classifier, int samples) {
        int[] indices = new int[IMAGES];
        float[] pixels = new float[IMAGES * WIDTHS[0]];
        SplittableRandom random = new SplittableRandom(5);
        for (int k = 0; k < pixels.length; ++k) {
            pixels[k] = (float) random.nextDouble();
        }
        int[] votes = new int[IMAGES * WIDTHS[WIDTHS.length - 1]];
        try (DeviceBuffer images = backend.allocate(pixels.length);
             DeviceBuffer counts = backend.allocate(votes.length)) {
            backend.write(pixels, images);
            classifier.countVotes(images, indices, 0.5f, KEY, 0, 100, counts); // loads the kernels
            backend.zeroInts(counts);
            backend.synchronize();
            long start = System.nanoTime();
            classifier.countVotes(images, indices, 0.5f, KEY, 0, samples, counts);
            backend.synchronize();
            double seconds = (System.nanoTime() - start) * 1e-9;
            System.out.printf("%-22s %12.0f noisy forward passes/s%n", version, IMAGES * (double) samples / seconds);
            backend.read(counts, votes);
        }
        return votes;
    }

    private static List<Affine> network(CudaBackend backend, List<DeviceBuffer> parameters) {
        SplittableRandom random = new SplittableRandom(4);
        List<Affine> layers = new ArrayList<>();
        for (int i = 0; i + 1 < WIDTHS.length; ++i) {
            double scale = Math.sqrt(6.0 / WIDTHS[i]);
            float[] weight = new float[WIDTHS[i] * WIDTHS[i + 1]];
            for (int k = 0; k < weight.length; ++k) {
                weight[k] = (float) (scale * (2 * random.nextDouble() - 1));
            }
            DeviceBuffer w = backend.allocate(weight.length);
            DeviceBuffer b = backend.allocate(WIDTHS[i + 1]);
            parameters.add(w);
            parameters.add(b);
            backend.write(weight, w);
            backend.fill(b, 0f);
            layers.add(new Affine(w, b, WIDTHS[i], WIDTHS[i + 1]));
        }
        return layers;
    }
}

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.ProductPrecision;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Two backends on one GPU, each on its own stream: neither's work shows in the other's. */
@GpuTest
class SiblingTest {

    /** Enough for several blocks' partial sums, and no multiple of anything. */
    private static final int LENGTH = 5_003;

    @Test
    void givenASibling_whenLookedAt_thenItIsOfOneArithmeticAndCountsItsOwnMemory() {
        CudaOptions options = CudaOptions.DEFAULT.withProducts(ProductPrecision.TF32);
        try (Backend one = TestGpu.open(options); Backend other = one.sibling().orElseThrow()) {
            assertEquals(one.info(), other.info());
            assertEquals(0, other.liveBytes());
            try (DeviceBuffer x = one.allocate(3)) {
                assertEquals(0, other.liveBytes());
                assertThrows(IllegalArgumentException.class, () -> other.fill(x, 1f));
            }
        }
    }

    @Test
    void givenSiblings_whenTheyWorkInTurn_thenNeitherUsesTheOthersScratch() throws Exception {
        try (Backend one = TestGpu.open(); Backend other = one.sibling().orElseThrow()) {
            float[] alone = sums(one, 1);
            float[] otherAlone = sums(other, 2);
            ExecutorService threads = Executors.newFixedThreadPool(2);
            try {
                Future<float[]> beside = threads.submit(() -> repeated(other, 2));
                assertArrayEquals(alone, repeated(one, 1));
                assertArrayEquals(otherAlone, beside.get());
            } finally {
                threads.shutdown();
            }
        }
    }

    /** Works long enough for the two to overlap; what differs from the first time would be the other's doing. */
    private static float[] repeated(Backend backend, int seed) {
        float[] first = sums(backend, seed);
        for (int k = 0; k < 20; ++k) {
            assertArrayEquals(first, sums(backend, seed), "round " + k);
        }
        return first;
    }

    /** Whatever goes through partial sums, recorded and replayed as training does. */
    private static float[] sums(Backend backend, int seed) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            DeviceBuffer centre = memory.holding(wave(seed, 1));
            DeviceBuffer radius = memory.holding(wave(seed, 0.1f));
            backend.elementwise().absolute(radius, LENGTH, radius);
            DeviceBuffer gradients = memory.zeros(2L * LENGTH);
            DeviceBuffer scalars = memory.holding(0.01f, 0.5f);
            DeviceBuffer results = memory.zeros(3);
            memory.record(() -> {
                backend.reductions().sum(centre, LENGTH, 0f, results.slice(0, 1));
                backend.reductions().sumOfSquares(centre, LENGTH, 0f, results.slice(1, 1));
                backend.trainingIntervals().regulariser(centre, radius, LENGTH, scalars.slice(0, 1), 0.5f, scalars.slice(1,
                        1), gradients.slice(0, LENGTH), gradients.slice(LENGTH, LENGTH), results.slice(2, 1));
            }).run();
            float[] values = new float[3];
            backend.read(results, values);
            return values;
        }
    }

    private static float[] wave(int seed, float height) {
        float[] values = new float[LENGTH];
        for (int i = 0; i < LENGTH; ++i) {
            values[i] = (float) (height * Math.sin(seed * (i + 0.3)));
        }
        return values;
    }
}

package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.ProductPrecision;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training's products in bf16, against sums in double. */
class Bfloat16ProductsTest {

    private final SplittableRandom random = new SplittableRandom(5);

    private static CpuBackend open() {
        assumeTrue(PackedNetwork.hasBfloat16(), "this processor has no native bf16 products");
        return CpuBackend.create().withProducts(ProductPrecision.BFLOAT16);
    }

    private float[] values(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = (float) (random.nextDouble() * 2 - 1);
        }
        return values;
    }

    /** {@code x} with 8 significant bits, ties to even. */
    private static double rounded(float x) {
        double step = Math.ulp(x) * 0x1p16;
        return Math.rint(x / step) * step;
    }

    /** Products of two roundings fit a float; the float sum of k of them loses at most 2^-24 with each addition. */
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 10, 33", "17, 10, 256", "256, 100, 31", "33, 1021, 65", "130, 64, 784"})
    void givenFactors_whenMultiplied_thenTheSumIsOfTheirRoundings(int m, int n, int k) {
        double share = (k + 2) * 0x1p-24;
        for (int transposes = 0; transposes < 4; ++transposes) {
            boolean ta = (transposes & 1) != 0;
            boolean tb = (transposes & 2) != 0;
            for (float beta : new float[] {0f, 1f}) {
                float[] a = values(m * k);
                float[] b = values(k * n);
                float[] before = values(m * n);
                float[] after = product(ta, tb, m, n, k, a, b, beta, before);
                for (int i = 0; i < m * n; ++i) {
                    double sum = beta * before[i];
                    double size = Math.abs(sum);
                    for (int p = 0; p < k; ++p) {
                        double product = rounded(a[ta ? p * m + i / n : i / n * k + p])
                                * rounded(b[tb ? i % n * k + p : p * n + i % n]);
                        sum += product;
                        size += Math.abs(product);
                    }
                    assertEquals(sum, after[i], share * size, "transposes " + transposes + ", element " + i);
                }
            }
        }
    }

    private static float[] product(boolean ta, boolean tb, int m, int n, int k, float[] a, float[] b, float beta,
                                   float[] before) {
        try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            DeviceBuffer c = memory.holding(before);
            backend.linear().multiply(ta, tb, m, n, k, memory.holding(a), memory.holding(b), beta, c);
            float[] after = new float[before.length];
            backend.read(c, after);
            return after;
        }
    }

    @Test
    void givenMoreBitsThanBf16Has_whenMultiplied_thenOnlyTheUnroundedBackendKeepsThem() {
        int n = 33;
        float x = 1 + 0x1p-20f;
        float[] a = new float[n * n];
        float[] unit = new float[n * n];
        for (int i = 0; i < n; ++i) {
            a[i * n + i] = x;
            unit[i * n + i] = 1f;
        }
        try (CpuBackend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            DeviceBuffer c = memory.allocate(n * n);
            for (Backend each : new Backend[] {backend, backend.unrounded()}) {
                each.linear().multiply(false, false, n, n, n, memory.holding(a), memory.holding(unit), 0f, c);
                float[] product = new float[n * n];
                backend.read(c, product);
                assertEquals(each == backend ? 1f : x, product[0]);
            }
            assertTrue(backend.info().libraries().get(DeviceInfo.PRODUCTS).endsWith("factors in bf16"));
        }
    }

    @Test
    void givenAFactorThatChanges_whenMultipliedAgain_thenItsNewValuesCount() {
        try (Backend backend = open(); DeviceMemory memory = new DeviceMemory(backend)) {
            int n = 31;
            DeviceBuffer all = memory.zeros(3L * n);
            DeviceBuffer factor = all.slice(n, n);
            DeviceBuffer unit = memory.holding(1f);
            DeviceBuffer product = memory.allocate(n);
            float[] found = new float[n];
            float[] values = new float[n];
            for (int change = 1; change < 6; ++change) {
                switch (change) {
                    case 1 -> backend.fill(factor, change);
                    case 2 -> backend.fill(all, change);
                    case 3 -> backend.linear().multiply(false, false, n, 1, 1, product, unit, 1f, factor);
                    case 4 -> backend.elementwise().absolute(product, n, factor);
                    default -> {
                        Arrays.fill(values, change);
                        backend.write(values, factor);
                    }
                }
                backend.linear().multiply(false, false, n, 1, 1, factor, unit, 0f, product);
                backend.read(product, found);
                Arrays.fill(values, change == 3 || change == 4 ? 4 : change);
                assertArrayEquals(values, found, "change " + change);
            }
        }
    }

    @Test
    void givenFactors_whenTheirBuffersClose_thenNoByteStaysLive() {
        try (Backend backend = open()) {
            try (DeviceMemory memory = new DeviceMemory(backend)) {
                DeviceBuffer x = memory.holding(values(33));
                backend.linear().multiply(false, true, 33, 33, 1, x, x, 0f, memory.allocate(33 * 33));
            }
            assertEquals(0, backend.liveBytes());
        }
    }

    @Test
    void givenFloatProducts_whenAskedForThoseUnrounded_thenItIsItsOwnAnswer() {
        try (CpuBackend backend = CpuBackend.create()) {
            assertSame(backend, backend.unrounded());
            assertThrows(DeviceException.class, () -> backend.withProducts(ProductPrecision.TF32));
        }
    }
}

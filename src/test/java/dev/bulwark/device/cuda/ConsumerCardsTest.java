package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which smoothing kernels cards with 99 KB of shared memory a block take (GeForce RTX 30, 40 and 50), and that these run.
 */
@GpuTest
class ConsumerCardsTest {

    private static final NoiseKey KEY = new NoiseKey(7, Stream.ESTIMATION);
    private static final String STANDARD = "784-1024-512-256-10";

    @BeforeEach
    void onTheEmulatedDriverOnly() {
        Assumptions.assumeFalse(TestGpu.isReal(), "a real GPU is what it is");
        EmulatedDriver.reset();
    }

    @AfterEach
    void asBefore() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    private static CudaBackend card(int capability) {
        EmulatedDriver.set(Setting.CAPABILITY, capability);
        return TestGpu.open();
    }

    private static HalfNetworkOnGpu net(CudaBackend backend, String shape) {
        return new HalfNetworkOnGpu(backend, shape, new SplittableRandom(3));
    }

    private static int[] votes(CudaBackend backend, HalfNetworkOnGpu net, NoisyClassifier classifier) {
        int[] votes = new int[net.classes()];
        float[] pixels = new float[net.inputs()];
        for (int i = 0; i < pixels.length; ++i) {
            pixels[i] = i % 7 / 7f;
        }
        try (classifier; DeviceBuffer image = backend.allocate(pixels.length); DeviceBuffer counts = backend.allocate(
                votes.length)) {
            backend.write(pixels, image);
            backend.zeroInts(counts);
            classifier.countVotes(image, new int[] {5}, 0.5f, KEY, 0, 40, counts);
            backend.read(counts, votes);
        }
        return votes;
    }

    /** 23 panels of 32 rows, 4 KB each, fit beside the 5 KB that the kernel declares; 24 do not. */
    @ParameterizedTest
    @CsvSource({"86, 784-1024-512-256-10, 32", "89, 784-1024-512-256-10, 32", "120, 784-1024-512-256-10, 32",
        "86, 960-1024-10, 32", "86, 961-1024-10, 0", "89, 784-500-10, 48", "120, 300-200-10, 64"})
    void givenAConsumerCard_whenTheKernelIsChosen_thenItFitsAndVotesAsTheLayersDo(int capability, String shape, int rows) {
        try (CudaBackend backend = card(capability); HalfNetworkOnGpu net = net(backend, shape)) {
            assertEquals(rows, backend.smoothing().mostRows(net.layers));
            NoisyClassifier chosen = backend.smoothing().classifier(net.layers, NoisyKernels.AUTO);
            assertEquals(rows > 0 ? FusedNoisyClassifier.class : LayeredNoisyClassifier.class, chosen.getClass());
            int[] votes = votes(backend, net, chosen);
            assertArrayEquals(votes(backend, net, backend.smoothing().layered(net.layers)), votes);
        }
    }

    @ParameterizedTest
    @CsvSource({"80, 48", "90, 64"})
    void givenADataCentreCard_whenTheKernelIsChosen_thenItTakesMoreRows(int capability, int rows) {
        try (CudaBackend backend = card(capability); HalfNetworkOnGpu net = net(backend, STANDARD)) {
            assertEquals(rows, backend.smoothing().mostRows(net.layers));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {86, 89, 120})
    void givenAConsumerCard_whenMoreRowsAreAskedForThanFit_thenTheDriverRefuses(int capability) {
        try (CudaBackend backend = card(capability); HalfNetworkOnGpu net = net(backend, STANDARD)) {
            Exception e = assertThrows(DeviceException.class, () -> backend.smoothing().fused(net.layers, 64));
            assertTrue(e.getMessage().contains("CUDA_ERROR_INVALID_VALUE"), e.getMessage());
            assertEquals(0, backend.liveBytes() - 4L * parameters());
        }
    }

    /** Floats of the standard network, which stay its own. */
    private static long parameters() {
        return 784 * 1024 + 1024 + 1024 * 512 + 512 + 512 * 256 + 256 + 256 * 10 + 10;
    }
}

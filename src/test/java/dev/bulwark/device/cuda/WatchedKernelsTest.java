package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.Layer;
import dev.bulwark.device.NoiseKey.Stream;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kernels with shared memory, watched for races, at sizes that fill several of their tiles and leave others half full: a
 * race fails the launch. Whether results are right is asked elsewhere; the contract is watched in
 * {@link CudaSchedulesTest}, and {@link RacesTest} has what must be found.
 */
@GpuTest
class WatchedKernelsTest {

    private static final NoiseKey KEY = new NoiseKey(7, Stream.ESTIMATION);

    private final SplittableRandom random = new SplittableRandom(3);

    @BeforeEach
    void watch() {
        Assumptions.assumeFalse(TestGpu.isReal(), "compute-sanitizer watches a real GPU");
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.RACES, 1);
    }

    @AfterEach
    void noLonger() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    // ---- smoothing ---------------------------------------------------------------------------------------------------

    private void count(CudaBackend backend, HalfNetworkOnGpu net, NoisyClassifier classifier, int images, int samples) {
        int[] indices = new int[images];
        int[] votes = new int[images * net.classes()];
        try (classifier; DeviceBuffer x = written(backend, images * net.inputs());
             DeviceBuffer counts = backend.allocate(votes.length)) {
            backend.zeroInts(counts);
            classifier.countVotes(x, indices, 0.5f, KEY, 0, samples, counts);
            backend.read(counts, votes);
        }
    }

    @ParameterizedTest
    @CsvSource({"70-130-20-5, 64", "70-600-20-5, 48", "100~530-17-5, 32", "20-33-600, 64"})
    void givenNoisyVotes_whenFusedAndLayered_thenNothingRaces(String shape, int rows) {
        try (CudaBackend backend = TestGpu.open(); HalfNetworkOnGpu net = new HalfNetworkOnGpu(backend, shape, random)) {
            count(backend, net, backend.smoothing().layered(net.layers), 2, 70);
            count(backend, net, backend.smoothing().fused(net.layers, rows), 2, 70);
        }
    }

    /** Tiles of whole images, of rows and of parts of one, with noise and without. */
    @ParameterizedTest
    @CsvSource({"3, 9, 7, 5", "2, 60, 90, 33"})
    void givenNoisyVotes_whenConvolved_thenNothingRaces(int channels, int height, int width, int outputs) {
        EmulatedDriver.set(Setting.CAPABILITY, 86);
        ImageShape image = new ImageShape(channels, height, width);
        Windows windows = Windows.square(3, 2, 1);
        try (CudaBackend backend = TestGpu.open(); DeviceBuffer weight = written(backend, outputs * outputs * 9);
             DeviceBuffer bias = written(backend, outputs); DeviceBuffer x = written(backend, 2 * image.size());
             DeviceBuffer readout = written(backend, 3 * outputs * height)) {
            Convolution first = Convolution.over(image, weight, bias, outputs, windows, 1);
            Convolution second = Convolution.over(first.output(), weight, bias, outputs, windows, 1);
            Windows third = new Windows(new Windows.Axis(second.output().height(), 1, 0, 0, 1),
                    new Windows.Axis(1, second.output().width(), 0, 0, 1));
            Convolution last = Convolution.over(second.output(), readout, bias, 3, third, 1);
            DeviceBuffer counts = backend.allocate(6);
            backend.zeroInts(counts);
            try (counts; NoisyClassifier classifier = backend.smoothing().chain(List.of(new Layer.Convolve(first, true),
                    new Layer.Convolve(second, true), new Layer.Convolve(last, false)))) {
                classifier.countVotes(x, new int[] {1, 2}, 0.5f, KEY, 0, 3, counts);
                backend.read(counts, new int[6]);
            }
        }
    }

    /** Several tiles a block, rings that wrap, and a last tile that one of the two blocks lacks. */
    @ParameterizedTest
    @CsvSource({"50-130-70-20-5, 3, 65, 2", "1-1-1-1-2, 1, 40, 1", "130-300-512-256-16, 1, 129, 3"})
    void givenNoisyVotes_whenClustered_thenNothingRaces(String shape, int images, int samples, int ring) {
        EmulatedDriver.set(Setting.MULTIPROCESSORS, 2);
        try (CudaBackend backend = TestGpu.open(); HalfNetworkOnGpu net = new HalfNetworkOnGpu(backend, shape, random)) {
            count(backend, net, backend.smoothing().clustered(net.layers, ring), images, samples);
        }
    }

    // ---- products ----------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "TF32"})
    void givenProducts_whenTilesAreSmallLargeOrInParts_thenNothingRaces(ProductPrecision precision) {
        CudaOptions options = new CudaOptions(Precision.FLOAT16, NoisyKernels.AUTO, precision, false);
        int[][] sizes = {{68, 132, 36}, {65, 67, 35}, {31, 33, 521}, {193, 388, 13}};
        try (CudaBackend backend = TestGpu.open(options)) {
            assertEquals(ProductPlan.LARGE, ProductPlan.of(193, 388, 13, backend.info().workers()).side());
            for (int[] size : sizes) {
                multiply(backend, size[0], size[1], size[2]);
            }
        }
    }

    private void multiply(CudaBackend backend, int m, int n, int k) {
        try (DeviceBuffer a = written(backend, m * k); DeviceBuffer b = written(backend, k * n);
             DeviceBuffer bias = written(backend, n); DeviceBuffer c = written(backend, m * n)) {
            for (int transposes = 0; transposes < 4; ++transposes) {
                backend.linear().multiply((transposes & 1) != 0, (transposes & 2) != 0, m, n, k, a, b, 0.5f, c);
            }
            backend.linear().affine(a, m, new Affine(b, bias, k, n), true, c);
            backend.read(c, new float[m * n]);
        }
    }

    /** Several tiles along every side, the last ones not full, in one group and in two; sums in one part and in several. */
    @ParameterizedTest
    @CsvSource({"3, 70, 1, 9", "4, 6, 2, 40"})
    void givenConvolutions_whenTilesAreNotFull_thenNothingRaces(int channels, int outputs, int groups, int rows) {
        ImageShape image = new ImageShape(channels, 5, 6);
        Windows windows = Windows.square(3, 1, 1);
        int in = rows * image.size();
        int out = rows * windows.over(image, outputs).size();
        try (CudaBackend backend = TestGpu.open(); DeviceBuffer x = written(backend, in);
             DeviceBuffer a = written(backend, out);
             DeviceBuffer weight = written(backend, outputs * channels / groups * 9);
             DeviceBuffer bias = written(backend, outputs); DeviceBuffer low = backend.allocate(out);
             DeviceBuffer high = backend.allocate(out); DeviceBuffer back = backend.allocate(in)) {
            Convolution layer = Convolution.over(image, weight, bias, outputs, windows, groups);
            backend.convolutions().apply(x, rows, layer, true, low);
            backend.convolutions().enclose(x, x, rows, layer, low, high);
            backend.convolutions().applyTransposed(a, rows, layer, back);
            backend.convolutions().parameterGradient(x, a, rows, layer);
            backend.read(bias, new float[outputs]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {31, 65})
    void givenInputGradients_whenOnTensorCores_thenNothingRaces(int rows) {
        try (CudaBackend backend = TestGpu.open();
             HalfNetworkOnGpu net = new HalfNetworkOnGpu(backend, "200-129-65-10", random);
             InputGradients gradients = backend.inputGradients(net.layers, rows);
             DeviceBuffer inputs = written(backend, rows * 200); DeviceBuffer logits = backend.allocate(rows * 10L);
             DeviceBuffer up = written(backend, rows * 10); DeviceBuffer down = backend.allocate(rows * 200L)) {
            gradients.forward(inputs, rows, logits);
            gradients.backward(up, rows, down);
            backend.read(down, new float[rows * 200]);
        }
    }

    private DeviceBuffer written(CudaBackend backend, int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = (float) random.nextDouble();
        }
        DeviceBuffer buffer = backend.allocate(length);
        backend.write(values, buffer);
        return buffer;
    }
}

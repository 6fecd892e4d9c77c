package dev.bulwark.bench;

import dev.bulwark.bench.Rate.Cost;
import dev.bulwark.bench.Rate.Limit;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BareProducts;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoiseKey;
import java.util.Map;

/** What a machine could do: rates of large copies and products, against which those of stages are held. */
final class Ceilings {

    private static final NoiseKey KEY = new NoiseKey(1, NoiseKey.Stream.BENCHMARK);

    /** Floats of a copy, at most: beyond any cache, within any memory. */
    private static final long LONGEST_COPY = 1L << 28;

    private final Backend backend;
    private final Stopwatch stopwatch;
    private final int edge;

    /** @param edge of the square products, and a sixteenth of a copy's rows */
    Ceilings(Backend backend, Stopwatch stopwatch, int edge) {
        this.backend = backend;
        this.stopwatch = stopwatch;
        this.edge = edge;
    }

    /** Copies within the device's memory. */
    Rate copies() {
        long length = Math.min(LONGEST_COPY, 16L * edge * edge);
        try (DeviceBuffer source = backend.allocate(length); DeviceBuffer target = backend.allocate(length)) {
            backend.fill(source, 1f);
            Cost cost = new Cost(0, 2.0 * Float.BYTES * length, Limit.COPIES);
            return stopwatch.rate(Map.of("floats", (int) length), cost, () -> {
                backend.copy(source, length, target);
                backend.synchronize();
                return 1;
            });
        }
    }

    /** Square float products. */
    Rate floatProducts() {
        long length = (long) edge * edge;
        try (DeviceBuffer a = backend.allocate(length); DeviceBuffer b = backend.allocate(length);
             DeviceBuffer c = backend.allocate(length)) {
            fillWithNormals(a);
            fillWithNormals(b);
            Cost cost = new Cost(2.0 * length * edge, 0, Limit.FLOAT_PRODUCTS);
            return stopwatch.rate(Map.of("edge", edge), cost, () -> {
                backend.linear().multiply(false, true, edge, edge, edge, a, b, 0f, c);
                backend.synchronize();
                return 1;
            });
        }
    }

    private void fillWithNormals(DeviceBuffer matrix) {
        try (DeviceBuffer zeros = backend.allocate(edge)) {
            backend.fill(zeros, 0f);
            backend.noise().noisyCopies(zeros, 0, 0, edge, edge, 1f, KEY, matrix);
        }
    }

    /** Products of a square layer in the arithmetic of noisy forward passes. */
    Rate classifierProducts() {
        try (BareProducts products = backend.bareProducts(edge)) {
            Cost cost = new Cost(2 * products.multiplyAdds(), 0, Limit.CLASSIFIER_PRODUCTS);
            return stopwatch.rate(Map.of("edge", edge), cost, () -> {
                products.run();
                return 1;
            });
        }
    }
}

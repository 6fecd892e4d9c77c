package dev.bulwark.bench;

import dev.bulwark.bench.Rate.Cost;
import dev.bulwark.bench.Rate.Limit;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.runs.Monitor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rates of the matrix products of a training step, one by one: for a comparison of what may compute them. */
public final class TrainingProducts {

    /** As is customary in training for smoothing. */
    private static final int BATCH = 256;
    /** Products between two waits: one alone is shorter than a wait. */
    private static final int AT_ONCE = 64;
    private static final double MOST_SECONDS = 0.1;

    private final Backend backend;
    private final BenchSettings settings;
    private final Stopwatch stopwatch;

    public TrainingProducts(Backend backend, BenchSettings settings) {
        this.backend = backend;
        this.settings = settings;
        this.stopwatch = new Stopwatch(Math.min(3, settings.timing().repeats()),
                Math.min(MOST_SECONDS, settings.timing().seconds()));
    }

    /**
     * One product {@code [m,k] x [k,n]}.
     *
     * @param name which layer, and what for
     */
    public record Line(String name, int m, int n, int k, Rate rate) {
    }

    /** Forward pass, weight gradient and, but for the first layer, input gradient of each layer. */
    public List<Line> run(Monitor monitor) {
        List<Integer> widths = settings.network().widths();
        int batch = Math.min(BATCH, settings.steps().batch());
        List<Line> lines = new ArrayList<>();
        try (Monitor.Stage stage = monitor.stage("training's products", 3L * (widths.size() - 1) - 1, "products")) {
            for (int i = 1; i < widths.size(); ++i) {
                int in = widths.get(i - 1);
                int out = widths.get(i);
                measure("layer " + i + " forward", false, true, batch, out, in, lines, stage);
                measure("layer " + i + " weight gradient", true, false, out, in, batch, lines, stage);
                if (i > 1) {
                    measure("layer " + i + " input gradient", false, false, batch, in, out, lines, stage);
                }
            }
        }
        return lines;
    }

    private void measure(String name, boolean transposeA, boolean transposeB, int m, int n, int k, List<Line> lines,
                         Monitor.Stage stage) {
        try (DeviceBuffer a = backend.allocate((long) m * k); DeviceBuffer b = backend.allocate((long) k * n);
             DeviceBuffer c = backend.allocate((long) m * n)) {
            backend.fill(a, 0.5f);
            backend.fill(b, 0.25f);
            Cost cost = new Cost(2.0 * m * n * k, 0, Limit.FLOAT_PRODUCTS);
            Rate rate = stopwatch.rate(Map.of("m", m, "n", n, "k", k), cost, () -> {
                for (int i = 0; i < AT_ONCE; ++i) {
                    backend.linear().multiply(transposeA, transposeB, m, n, k, a, b, 0f, c);
                }
                backend.synchronize();
                return AT_ONCE;
            });
            lines.add(new Line(name, m, n, k, rate));
        }
        stage.advance(1);
    }
}

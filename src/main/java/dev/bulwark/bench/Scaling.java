package dev.bulwark.bench;

import dev.bulwark.device.Backend;
import dev.bulwark.runs.Monitor;
import java.io.IOException;
import java.util.function.IntFunction;

/** How the time of randomized smoothing grows with images, samples and network: three sizes each, twice as large in turn. */
public final class Scaling {

    private static final int[] FACTORS = {1, 2, 4};

    private final Backend backend;
    private final BenchSettings settings;

    /** @param settings with the smallest sizes */
    public Scaling(Backend backend, BenchSettings settings) {
        this.backend = backend;
        this.settings = settings;
    }

    /**
     * One size of one thing.
     *
     * @param what         that grows
     * @param size         of it: images, samples of each, or multiply-adds of a pass
     * @param seconds      median time of all noisy forward passes
     * @param secondsAUnit that, over the multiply-adds of all passes: the same in each line where cost grows linearly
     */
    public record Line(String what, double size, double seconds, double secondsAUnit) {
    }

    /** Takes lines as they are measured. */
    public interface Results {
        void add(Line line) throws IOException;
    }

    /** @throws IOException if {@code results} does not take a line */
    public void run(Monitor monitor, Results results) throws IOException {
        try (Monitor.Stage stage = monitor.stage("scaling", 3L * FACTORS.length, "sizes")) {
            grow("images", factor -> settings.withImages(factor * settings.noisy().images()), stage, results);
            grow("samples", factor -> settings.withSamples(factor * settings.noisy().samples()), stage, results);
            grow("multiply-adds", factor -> settings.with(settings.network().widened(factor)), stage, results);
        }
    }

    private void grow(String what, IntFunction<BenchSettings> larger, Monitor.Stage stage, Results results)
            throws IOException {
        for (int factor : FACTORS) {
            BenchSettings grown = larger.apply(factor);
            double passes = (double) grown.noisy().images() * grown.noisy().samples();
            double seconds = passes / new Benchmark(backend, grown).noisyForwards().median();
            double size = switch (what) {
                case "images" -> grown.noisy().images();
                case "samples" -> grown.noisy().samples();
                default -> grown.multiplyAdds();
            };
            results.add(new Line(what, size, seconds, seconds / (passes * grown.multiplyAdds())));
            stage.advance(1);
        }
    }
}

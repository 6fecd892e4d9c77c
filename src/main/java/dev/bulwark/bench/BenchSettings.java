package dev.bulwark.bench;

import dev.bulwark.device.Backend;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.settings.Setting;
import java.util.stream.IntStream;

/**
 * What to measure and how long.
 *
 * @param network what is measured
 * @param noisy   what noisy forward passes are measured on
 * @param steps   of training, verification and PGD
 * @param alone   sizes of what is measured without a network
 */
public record BenchSettings(BenchNetwork network, Noisy noisy, Steps steps, Alone alone, Timing timing) {

    private static final int LEAST_CEILING = 16;

    /**
     * @param images  certified together
     * @param samples noisy copies of each
     */
    public record Noisy(int images, int samples) {

        public Noisy {
            requireSizes(images, samples);
        }
    }

    /**
     * @param batch images of a step of training, verification and PGD
     * @param pgd   steps of one attack
     * @param epoch steps of one epoch of training
     */
    public record Steps(int batch, int pgd, int epoch) {

        public Steps {
            requireSizes(batch, pgd, epoch);
        }
    }

    /**
     * @param normals rows of noise, each as wide as the inputs
     * @param ceiling edge of the square products, a sixteenth of a copy's rows, that tell the machine's ceilings
     */
    public record Alone(int normals, int ceiling) {

        public Alone {
            requireSizes(normals, ceiling / LEAST_CEILING);
        }
    }

    /**
     * @param repeats measurements of each rate
     * @param seconds least length of one measurement
     */
    public record Timing(int repeats, double seconds) {

        public Timing {
            if (repeats < 1 || !(seconds > 0)) {
                throw new ExperimentException(Setting.REPEATS, " and ", Setting.SECONDS, " must be positive: "
                        + repeats + ", " + seconds);
            }
        }
    }

    private static void requireSizes(int... sizes) {
        if (IntStream.of(sizes).min().orElseThrow() < 1) {
            throw new ExperimentException("sizes must be positive, and ", Setting.CEILING, " at least " + LEAST_CEILING);
        }
    }

    /** Sizes that keep {@code backend} busy, on a GPU for longer than launches and waits take. */
    public static BenchSettings suiting(Backend backend, BenchNetwork network, Timing timing) {
        int samples = 10_000;
        Noisy noisy = new Noisy(Math.max(1, backend.noisyCopiesPerCall() / samples), samples);
        return backend.info().onGpu()
                ? new BenchSettings(network, noisy, new Steps(500, 50, 128), new Alone(40_000, 8_192), timing)
                : new BenchSettings(network, noisy, new Steps(500, 20, Math.max(1, (int) Math.ceil(16 * timing.seconds))),
                        new Alone(4_000, 2_048), timing);
    }

    BenchSettings with(BenchNetwork other) {
        return new BenchSettings(other, noisy, steps, alone, timing);
    }

    BenchSettings withImages(int other) {
        return new BenchSettings(network, new Noisy(other, noisy.samples), steps, alone, timing);
    }

    BenchSettings withSamples(int other) {
        return new BenchSettings(network, new Noisy(noisy.images, other), steps, alone, timing);
    }

    int inputs() {
        return network.image().size();
    }

    int classes() {
        return network.classes();
    }

    /** Multiply-adds of one forward pass. */
    double multiplyAdds() {
        return network.multiplyAdds();
    }

    /** Multiply-adds of the first layer: no gradient goes through it to the images in training. */
    double firstLayer() {
        return network.multiplyAdds(0);
    }
}

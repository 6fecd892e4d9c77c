package dev.bulwark.bench;

import dev.bulwark.device.Backend;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.settings.Setting;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What to measure and how long.
 *
 * @param widths     of the network, inputs and classes included
 * @param images     certified together
 * @param samples    noisy copies of each
 * @param batch      images of a step of training, verification and PGD
 * @param pgdSteps   steps of one attack
 * @param epochSteps steps of one epoch of training
 * @param ceiling    edge of the square products, a sixteenth of a copy's rows, that tell the machine's ceilings
 * @param normals    rows of noise, each as wide as the inputs
 * @param repeats    measurements of each rate
 * @param seconds    least length of one measurement
 */
public record BenchSettings(List<Integer> widths, int images, int samples, int batch, int pgdSteps, int epochSteps,
        int ceiling, int normals, int repeats, double seconds) {

    public BenchSettings {
        widths = List.copyOf(widths);
        if (widths.size() < 2 || widths.stream().anyMatch(width -> width < 1) || widths.get(widths.size() - 1) < 2) {
            throw new ExperimentException("a network needs inputs, hidden layers of positive widths and at least 2 classes: "
                    + widths);
        }
        if (IntStream.of(images, samples, batch, pgdSteps, epochSteps, normals).min().orElseThrow() < 1
                || ceiling < 16) {
            throw new ExperimentException("sizes must be positive, and ", Setting.CEILING, " at least 16");
        }
        if (repeats < 1 || !(seconds > 0)) {
            throw new ExperimentException(Setting.REPEATS, " and ", Setting.SECONDS, " must be positive: "
                    + repeats + ", " + seconds);
        }
    }

    /** Sizes that keep {@code backend} busy, on a GPU for longer than launches and waits take. */
    public static BenchSettings suiting(Backend backend, List<Integer> widths, int repeats, double seconds) {
        int samples = 10_000;
        int images = Math.max(1, backend.noisyCopiesPerCall() / samples);
        return !backend.info().onGpu()
                ? new BenchSettings(widths, images, samples, 500, 20, Math.max(1, (int) Math.ceil(16 * seconds)), 2_048,
                        4_000, repeats, seconds)
                : new BenchSettings(widths, images, samples, 500, 50, 128, 8_192, 40_000, repeats, seconds);
    }

    BenchSettings withWidths(List<Integer> other) {
        return new BenchSettings(other, images, samples, batch, pgdSteps, epochSteps, ceiling, normals, repeats, seconds);
    }

    BenchSettings withImages(int other) {
        return new BenchSettings(widths, other, samples, batch, pgdSteps, epochSteps, ceiling, normals, repeats, seconds);
    }

    BenchSettings withSamples(int other) {
        return new BenchSettings(widths, images, other, batch, pgdSteps, epochSteps, ceiling, normals, repeats, seconds);
    }

    int inputs() {
        return widths.get(0);
    }

    int classes() {
        return widths.get(widths.size() - 1);
    }

    /** Multiply-adds of one forward pass. */
    double multiplyAdds() {
        return IntStream.range(1, widths.size()).mapToDouble(i -> (double) widths.get(i - 1) * widths.get(i)).sum();
    }

    /** Multiply-adds of the first layer: no gradient goes through it to the images in training. */
    double firstLayer() {
        return (double) widths.get(0) * widths.get(1);
    }
}

package dev.bulwark.cli;

import dev.bulwark.bench.BenchNetwork;
import dev.bulwark.bench.BenchSettings;
import dev.bulwark.device.Backend;
import dev.bulwark.runs.ExperimentException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** How much a benchmark measures: what suits the device, unless an option says otherwise. */
final class BenchSizes {

    @Option(names = "--repeats", defaultValue = "5", description = "Measurements of each rate (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(names = "--seconds", defaultValue = "1",
            description = "Least length of one measurement (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--network", paramLabel = "dense|convolutional", defaultValue = "dense",
            description = "What is measured: dense layers, or a small network of colour images of 32 x 32, convolutions of 16 "
                    + "and 32 channels of 4 x 4 windows, 2 apart, and 100 units (default: ${DEFAULT-VALUE}).")
    private Kind network;

    @Option(names = "--inputs", description = "Elements of an image, of dense layers (default: 784).")
    private Optional<Integer> inputs;

    @Option(names = "--classes", description = "Classes, of dense layers (default: 10).")
    private Optional<Integer> classes;

    @Option(names = "--hidden", paramLabel = "W,W,…", split = ",",
            description = "Widths of dense hidden layers (default: 1024,512,256).")
    private List<Integer> hidden;

    @Option(names = "--images", description = "Images certified together (default: 4; on a GPU what a call should have).")
    private Optional<Integer> images;

    @Option(names = "--n", description = "Noisy copies of each (default: 10000).")
    private Optional<Integer> samples;

    @Option(names = "--batch", description = "Images of a step of training, IBP and PGD (default: 500).")
    private Optional<Integer> batch;

    @Option(names = "--steps", description = "Steps of PGD (default: 20; on a GPU 50).")
    private Optional<Integer> steps;

    @Option(names = "--epoch", description = "Steps of an epoch of training (default: 16 for each of --seconds; on a GPU "
            + "128).")
    private Optional<Integer> epoch;

    @Option(names = "--normals", description = "Rows of noise alone (default: 4000; on a GPU 40000).")
    private Optional<Integer> normals;

    @Option(names = "--ceiling", description = "Edge of the square products that tell what the machine can do "
            + "(default: 2048; on a GPU 8192).")
    private Optional<Integer> ceiling;

    /** Networks by the names of {@code --network}. */
    enum Kind {
        DENSE, CONVOLUTIONAL;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private BenchNetwork network() {
        if (network == Kind.DENSE) {
            List<Integer> widths = hidden == null ? List.of(1024, 512, 256) : hidden;
            return BenchNetwork.dense(Stream.of(List.of(inputs.orElse(784)), widths, List.of(classes.orElse(10)))
                    .flatMap(List::stream).toList());
        }
        if (inputs.isPresent() || classes.isPresent() || hidden != null) {
            throw new ExperimentException("--inputs, --classes and --hidden are of dense layers: drop them, or --network");
        }
        return BenchNetwork.convolutional();
    }

    /** @throws ExperimentException if they make no sense */
    BenchSettings on(Backend backend) {
        BenchSettings suiting = BenchSettings.suiting(backend, network(), new BenchSettings.Timing(repeats, seconds));
        return new BenchSettings(suiting.network(),
                new BenchSettings.Noisy(images.orElse(suiting.noisy().images()), samples.orElse(suiting.noisy().samples())),
                new BenchSettings.Steps(batch.orElse(suiting.steps().batch()), steps.orElse(suiting.steps().pgd()),
                        epoch.orElse(suiting.steps().epoch())),
                new BenchSettings.Alone(normals.orElse(suiting.alone().normals()),
                        ceiling.orElse(suiting.alone().ceiling())),
                suiting.timing());
    }
}

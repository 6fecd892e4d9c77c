package dev.bulwark.cli;

import dev.bulwark.bench.BenchSettings;
import dev.bulwark.device.Backend;
import java.util.List;
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

    @Option(names = "--inputs", defaultValue = "784", description = "Elements of an image (default: ${DEFAULT-VALUE}).")
    private int inputs;

    @Option(names = "--classes", defaultValue = "10", description = "Classes (default: ${DEFAULT-VALUE}).")
    private int classes;

    @Option(names = "--hidden", paramLabel = "W,W,…", split = ",", defaultValue = "1024,512,256",
            description = "Widths of the hidden layers (default: ${DEFAULT-VALUE}).")
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

    /** @throws dev.bulwark.runs.ExperimentException if they make no sense */
    BenchSettings on(Backend backend) {
        List<Integer> widths = Stream.of(List.of(inputs), hidden, List.of(classes)).flatMap(List::stream).toList();
        BenchSettings suiting = BenchSettings.suiting(backend, widths, new BenchSettings.Timing(repeats, seconds));
        return new BenchSettings(widths,
                new BenchSettings.Noisy(images.orElse(suiting.noisy().images()), samples.orElse(suiting.noisy().samples())),
                new BenchSettings.Steps(batch.orElse(suiting.steps().batch()), steps.orElse(suiting.steps().pgd()),
                        epoch.orElse(suiting.steps().epoch())),
                new BenchSettings.Alone(normals.orElse(suiting.alone().normals()),
                        ceiling.orElse(suiting.alone().ceiling())),
                suiting.timing());
    }
}

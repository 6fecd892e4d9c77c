package dev.bulwark.cli;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Normalisation;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.shapes.ImageShape;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What stands in front of a network whose file leaves it out. */
final class NormalisationOptions {

    @Option(names = "--mean", paramLabel = "M[,M…]", split = ",",
            description = "Subtracted from the images in front of the network: a number, or one a channel (default: 0).")
    private List<Float> mean;

    @Option(names = "--std", paramLabel = "S[,S…]", split = ",",
            description = "What the difference is divided by: a number, or one a channel (default: 1).")
    private List<Float> std;

    /** Whether there is one. */
    boolean given() {
        return mean != null || std != null;
    }

    /** @throws ExperimentException if a number can't be subtracted or divided by */
    void check() {
        normalisation();
    }

    /** {@code graph} with what was asked for in front of it. */
    Graph before(ImageShape image, Graph graph) {
        try {
            return normalisation().filter(n -> graph.input().size() == image.size()).map(n -> n.before(image, graph))
                    .orElse(graph);
        } catch (IllegalArgumentException e) {
            throw new ExperimentException("--" + e.getMessage() + ": name one for all, or one a channel");
        }
    }

    /** Adds it to what the rows depend on. */
    RowsRun identify(RowsRun run) {
        normalisation().ifPresent(n -> run.with("mean", typed(n.mean())).with("std", typed(n.std())));
        return run;
    }

    /** As doubles, which print as the floats do. */
    private static List<Double> typed(List<Float> numbers) {
        return numbers.stream().map(number -> Double.valueOf(number.toString())).toList();
    }

    private Optional<Normalisation> normalisation() {
        if (!given()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Normalisation(mean == null ? List.of(0f) : mean, std == null ? List.of(1f) : std));
        } catch (IllegalArgumentException e) {
            throw new ExperimentException("--mean or --std: " + e.getMessage());
        }
    }
}

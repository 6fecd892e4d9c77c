package dev.bulwark.cli;

import dev.bulwark.data.DataFiles;
import dev.bulwark.data.Split;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Monitor;
import dev.bulwark.shapes.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** Where images come from. */
final class DataOptions {

    /** What they are. */
    enum Name { MNIST, DIGITS }

    @Option(names = "--data", paramLabel = "PATH",
            description = "Images: a folder of IDX, CIFAR or PNG files, an .npz file, or an .npy file with --labels; "
                    + "otherwise MNIST, from $BULWARK_DATA, data/mnist, the cache, a download.")
    private Path images;

    @Option(names = "--labels", paramLabel = "F.npy", description = "The labels of --data F.npy, or of an .npz file that holds none; without them the network's own "
            + "predictions stand in their place.")
    private Path labels;

    @Option(names = "--dataset", paramLabel = "mnist|digits",
            description = "mnist, or the generated digits (default: mnist).")
    private Name name;

    /** The data that was asked for, with labels; MNIST if nothing was. */
    DataSource source(Set<Split> wanted) {
        return source(named(), wanted).labelled();
    }

    /** As {@link #source(Set)}, for a network of such inputs; the images need no labels. */
    DataSource images(Set<Split> wanted, Shape input) {
        return source(named().map(files -> files.forInput(input)), wanted);
    }

    /** As {@link #source(Set)}, but digits where MNIST can't be had and was not asked for. */
    DataSource sourceOrDigits(Set<Split> wanted, Monitor monitor) {
        if (name != null) {
            return source(wanted);
        }
        DataSource source = DataSource.mnistOrDigits(named(), wanted).labelled();
        if (source.fellBack()) {
            monitor.note("MNIST can't be had, so everything below is on generated digits, not MNIST:");
            source.reasons().forEach(reason -> monitor.note("  " + reason));
        }
        return source;
    }

    /** The files and folders that were named, by option. */
    Map<String, Path> inputs() {
        Map<String, Path> inputs = new LinkedHashMap<>();
        Optional.ofNullable(images).ifPresent(path -> inputs.put("--data", path));
        Optional.ofNullable(labels).ifPresent(path -> inputs.put("--labels", path));
        return inputs;
    }

    private DataSource source(Optional<DataFiles> files, Set<Split> wanted) {
        return name == Name.DIGITS ? DataSource.digits() : DataSource.mnist(files, wanted);
    }

    private Optional<DataFiles> named() {
        if (images == null && labels != null) {
            throw new ExperimentException("--labels " + labels + " belong to images that --data names: add that");
        }
        if (name == Name.DIGITS && images != null) {
            throw new ExperimentException("--dataset digits is generated, so --data " + images + " has no use: drop one");
        }
        return Optional.ofNullable(images).map(path -> new DataFiles(path, Optional.ofNullable(labels), Optional.empty()));
    }
}

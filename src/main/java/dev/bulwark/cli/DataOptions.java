package dev.bulwark.cli;

import dev.bulwark.data.Split;
import dev.bulwark.runs.DataSource;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Monitor;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** Where images come from. */
final class DataOptions {

    /** What they are. */
    enum Name { MNIST, DIGITS }

    @Option(names = "--data", paramLabel = "DIR",
            description = "Folder of IDX files, plain or .gz; otherwise $BULWARK_DATA, data/mnist, the cache, a download.")
    private Path folder;

    @Option(names = "--dataset", paramLabel = "mnist|digits",
            description = "mnist, or the generated digits (default: mnist).")
    private Name name;

    /** The data that was asked for; MNIST if nothing was. */
    DataSource source(Set<Split> wanted) {
        requireOne();
        return name == Name.DIGITS ? DataSource.digits() : DataSource.mnist(Optional.ofNullable(folder), wanted);
    }

    /** As {@link #source}, but digits where MNIST can't be had and nobody insisted on it. */
    DataSource sourceOrDigits(Set<Split> wanted, Monitor monitor) {
        if (name != null) {
            return source(wanted);
        }
        DataSource source = DataSource.mnistOrDigits(Optional.ofNullable(folder), wanted);
        if (source.fellBack()) {
            monitor.note("MNIST can't be had, so everything below is on generated digits, not MNIST:");
            source.reasons().forEach(reason -> monitor.note("  " + reason));
        }
        return source;
    }

    private void requireOne() {
        if (name == Name.DIGITS && folder != null) {
            throw new ExperimentException("--dataset digits is generated, so --data " + folder + " has no use: drop one");
        }
    }
}

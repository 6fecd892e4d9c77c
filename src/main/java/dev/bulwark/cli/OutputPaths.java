package dev.bulwark.cli;

import dev.bulwark.data.DatasetReaders;
import dev.bulwark.results.RunLayout;
import dev.bulwark.runs.ExperimentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Where a command is told to write, checked before anything is read or computed. */
final class OutputPaths {

    private OutputPaths() {
    }

    /** @throws ExperimentException if {@code path} is empty or a folder */
    static void requireFile(String option, Path path) {
        requireName(option, path, "file");
        if (Files.isDirectory(path)) {
            throw new ExperimentException(option + " " + path + " is a folder: name a file");
        }
    }

    /** @throws ExperimentException if {@code path} is empty or a file */
    static void requireFolder(String option, Path path) {
        requireName(option, path, "folder");
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new ExperimentException(option + " " + path + " is a file: name a folder");
        }
    }

    /**
     * What is read must outlast what is written.
     *
     * @param inputs the files and folders that the command reads, by what the user calls them
     * @throws ExperimentException if {@code path} is one of them, under whatever name
     */
    static void requireNoInput(String option, Path path, Map<String, Path> inputs) throws IOException {
        for (Map.Entry<String, Path> input : inputs.entrySet()) {
            if (Files.exists(path) && Files.exists(input.getValue()) && Files.isSameFile(path, input.getValue())) {
                throw new ExperimentException(option + " " + path + " is " + input.getKey() + ", which is read: name another place");
            }
        }
    }

    /**
     * As {@link #requireNoInput}, of a folder in which files are replaced and removed.
     *
     * @throws ExperimentException if {@code folder} is one of the inputs, or one lies in it
     */
    static void requireNoInputIn(String option, Path folder, Map<String, Path> inputs) throws IOException {
        requireNoInput(option, folder, inputs);
        for (Map.Entry<String, Path> input : inputs.entrySet()) {
            Path around = input.getValue().toAbsolutePath().getParent();
            if (Files.exists(folder) && around != null && Files.exists(around) && Files.isSameFile(folder, around)) {
                throw new ExperimentException(option + " " + folder + " holds " + input.getKey() + ", which is read: name another place");
            }
        }
    }

    /**
     * As {@link #requireNoInput}, of the folder of a whole run.
     *
     * @throws ExperimentException if {@code folder} is one of the inputs, or one is among what a run writes there, or {@code folder}
     *                             lies in one whose folders are read, as those of classes are
     */
    static void requireApart(String option, Path folder, Map<String, Path> inputs) throws IOException {
        requireNoInput(option, folder, inputs);
        for (Map.Entry<String, Path> input : inputs.entrySet()) {
            if (inside(folder, input.getValue()).filter(path -> RunLayout.isPart(path.getName(0).toString())).isPresent()) {
                throw new ExperimentException(option + " " + folder + " is where a run would write over " + input.getKey() + " " + input.getValue()
                        + ", which is read: name another place");
            }
            if (inside(input.getValue(), folder).isPresent() && DatasetReaders.readsFolders(input.getValue())) {
                throw new ExperimentException(option + " " + folder + " lies in " + input.getKey() + " " + input.getValue()
                        + ", whose folders are read: name another place");
            }
        }
    }

    /** How {@code path} goes on behind {@code folder}; empty if it does not lie in it. */
    private static Optional<Path> inside(Path folder, Path path) throws IOException {
        Path whole = path.toAbsolutePath().normalize();
        for (Path around = whole.getParent(); around != null && Files.exists(folder); around = around.getParent()) {
            if (Files.exists(around) && Files.isSameFile(around, folder)) {
                return Optional.of(around.relativize(whole));
            }
        }
        return Optional.empty();
    }

    private static void requireName(String option, Path path, String what) {
        if (path.toString().isEmpty()) {
            throw new ExperimentException(option + " needs the name of a " + what + ", and is empty");
        }
    }
}

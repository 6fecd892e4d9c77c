package dev.bulwark.cli;

import dev.bulwark.runs.ExperimentException;
import java.nio.file.Files;
import java.nio.file.Path;

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

    private static void requireName(String option, Path path, String what) {
        if (path.toString().isEmpty()) {
            throw new ExperimentException(option + " needs the name of a " + what + ", and is empty");
        }
    }
}

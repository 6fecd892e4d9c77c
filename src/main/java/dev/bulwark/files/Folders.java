package dev.bulwark.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders that files are about to be written to. */
final class Folders {

    private Folders() {
    }

    /** Makes the folder of {@code file} if need be; a link to a folder is one, which {@code createDirectories} denies. */
    static void makeFor(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
        }
    }
}

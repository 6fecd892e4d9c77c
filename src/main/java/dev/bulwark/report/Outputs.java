package dev.bulwark.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Files written whole or not at all: each under a temporary name beside its own, then renamed. */
final class Outputs {

    private final Path folder;
    private final List<Path> written = new ArrayList<>();

    Outputs(Path folder) {
        this.folder = folder;
    }

    void write(String name, String content) throws IOException {
        write(name, content.getBytes(StandardCharsets.UTF_8));
    }

    void write(String name, byte[] content) throws IOException {
        Path target = folder.resolve(name);
        Files.createDirectories(target.getParent());
        // Not Files.createTempFile, whose files only their owner may read.
        Path temporary = target.resolveSibling("." + target.getFileName() + ".tmp");
        try {
            Files.write(temporary, content);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        written.add(target);
    }

    List<Path> written() {
        return List.copyOf(written);
    }
}

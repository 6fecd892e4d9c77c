package dev.bulwark.report;

import dev.bulwark.files.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The files of a report in one folder, each written whole or not at all. */
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
        AtomicFile.replace(target, content);
        written.add(target);
    }

    List<Path> written() {
        return List.copyOf(written);
    }
}

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A folder of stand-ins for CUDA's libraries, and processes that search for libraries there first: which ones a process
 * finds is settled once.
 */
final class StandIn {

    private final Path folder;

    StandIn(Path folder) {
        this.folder = folder;
    }

    /** Builds {@code source}, which computes on the emulated driver's memory, as library {@code name}. */
    void install(Path source, String name, String exported, String... flags) throws Exception {
        assumeFalse(TestGpu.isReal(), "a stand-in can't reach a real GPU's memory");
        assumeTrue(Files.exists(source), "the stand-in's source is not here");
        Path versions = Files.writeString(folder.resolve("versions"),
                name + " { global: " + exported + "; local: *; };");
        List<String> command = new ArrayList<>(List.of("g++", "-std=c++17", "-O1", "-fPIC", "-shared",
                "-Wl,-soname," + name, "-Wl,--version-script=" + versions));
        command.addAll(List.of(flags));
        command.addAll(List.of(source.toString(), "-ldl", "-o", folder.resolve(name).toString()));
        run(command);
    }

    /** What {@code main} prints, on the same GPU as this process's tests. */
    List<String> run(Class<?> main) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp", System.getProperty("java.class.path")));
        for (String property : new String[] {"requireGpu", "emulated"}) {
            command.add("-D" + property + "=" + Boolean.getBoolean(property));
        }
        command.add(main.getName());
        return run(command);
    }

    private List<String> run(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        String installed = System.getenv("LD_LIBRARY_PATH");
        builder.environment().put("LD_LIBRARY_PATH", folder + (installed == null ? "" : File.pathSeparator + installed));
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.lines().toList();
    }
}

package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A class path without the matrix library, as a bundle for GPUs has it: plain Java takes its place, and says so. */
class LibrariesTest {

    private static final List<String> MATRIX_LIBRARY = List.of("dnnl-", "javacpp-", "opencl-");

    /** What a command prints in a JVM of its own, on this class path without the matrix library's jars. */
    private static String withoutMatrixLibrary(String... arguments) throws IOException, InterruptedException {
        String classPath = String.join(File.pathSeparator,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> MATRIX_LIBRARY.stream().noneMatch(new File(entry).getName()::startsWith)).toList());
        assertFalse(classPath.contains("javacpp"), classPath);
        List<String> command = Stream.concat(Stream.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-exports", "java.base/jdk.internal.module=ALL-UNNAMED", "-Xlog:disable", "-cp", classPath,
                "dev.bulwark.cli.Main"), Arrays.stream(arguments)).toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void givenNoMatrixLibrary_whenDevicesAreListed_thenPlainJavaIsNamed() throws Exception {
        String output = withoutMatrixLibrary("devices");
        assertTrue(output.contains("products: plain Java"), output);
    }

    @Test
    void givenNoMatrixLibrary_whenEveryStageRuns_thenNoneNeedsIt() throws Exception {
        String output = withoutMatrixLibrary("bench", "--device", "cpu", "--hidden", "32", "--images", "1",
                "--n", "50", "--batch", "8", "--steps", "2", "--ceiling", "64", "--repeats", "1", "--seconds", "0.01",
                "--quiet");
        assertTrue(output.contains("pgd image steps/s"), output);
    }
}

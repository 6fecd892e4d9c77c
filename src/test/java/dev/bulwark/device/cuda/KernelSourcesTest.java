package dev.bulwark.device.cuda;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The PTX that is checked in is what the kernels' sources give, and claims no more than old drivers take. */
class KernelSourcesTest {

    private static final Path SOURCES = Path.of("cuda");
    /** At the start of a line: inside a macro that makes kernels, what is exported has no name yet. */
    private static final Pattern EXPORTED = Pattern.compile("^EXPORT_KERNEL\\((\\w+)\\)", Pattern.MULTILINE);
    private static final Pattern ENTRY = Pattern.compile("^\\.visible \\.entry (\\w+)\\(", Pattern.MULTILINE);

    private static final Pattern TARGET = Pattern.compile("^ \\* Target +(compute_\\w+)", Pattern.MULTILINE);

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cu"))
                    .map(name -> name.substring(0, name.length() - ".cu".length())).sorted().toList();
        }
    }

    static String ptx(String name) throws IOException {
        return Files.readString(SOURCES.resolve("ptx").resolve(name + "." + architecture(name) + ".ptx"));
    }

    /** What a source is compiled for: every GPU, or the one that its header names. */
    static String architecture(String name) throws IOException {
        Matcher named = TARGET.matcher(Files.readString(SOURCES.resolve(name + ".cu")));
        return named.find() ? named.group(1) : "compute_80";
    }

    /** Names of all kernels. */
    static Set<String> kernels(String name) throws IOException {
        return found(ENTRY, ptx(name));
    }

    private static Set<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map((MatchResult match) -> match.group(1)).collect(toCollection(TreeSet::new));
    }

    /** How scripts/build-kernels --check ended; it changes nothing in the checkout but target/kernels. */
    private static void check(String path) throws IOException, InterruptedException {
        ProcessBuilder command = new ProcessBuilder("scripts/build-kernels", "--check").redirectErrorStream(true);
        command.environment().put("PATH", path);
        Process check = command.start();
        String output = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, check.waitFor(), output);
    }

    private static boolean hasCompiler(String folder) {
        return Files.isExecutable(Path.of(folder, "nvcc"));
    }

    @Test
    void givenAnyMachine_whenDigestsAreCompared_thenThePtxComesFromTheseSources() throws Exception {
        String[] folders = System.getenv("PATH").split(File.pathSeparator);
        check(String.join(File.pathSeparator, Arrays.stream(folders).filter(folder -> !hasCompiler(folder)).toList()));
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void givenNvcc_whenSourcesAreCompiledAnew_thenThePtxIsTheSame() throws Exception {
        String path = System.getenv("PATH");
        assumeTrue(Arrays.stream(path.split(File.pathSeparator)).anyMatch(KernelSourcesTest::hasCompiler),
                "no nvcc here: PTX was only compared with its sources by digest");
        check(path);
    }

    @ParameterizedTest
    @MethodSource("names")
    void givenASource_whenCompiled_thenItsPtxHoldsEveryExportedKernel(String name) throws IOException {
        Set<String> exported = found(EXPORTED, Files.readString(SOURCES.resolve(name + ".cu")));
        exported.removeAll(kernels(name));
        assertEquals(Set.of(), exported);
    }

    @ParameterizedTest
    @MethodSource("names")
    void givenASource_whenItsKernelsAreListed_thenEachIsExportedToTheEmulatedDriver(String name) throws IOException {
        String source = Files.readString(SOURCES.resolve(name + ".cu"));
        // Declared here by name; those that a macro makes are exported by it.
        Set<String> kernels = kernels(name).stream()
                .filter(kernel -> Pattern.compile("__global__ void[^;{]*?\\b" + kernel + "\\(").matcher(source).find())
                .collect(toCollection(TreeSet::new));
        kernels.removeAll(found(EXPORTED, source));
        assertEquals(Set.of(), kernels, "these lack EXPORT_KERNEL, and so tests without a GPU");
    }

    @ParameterizedTest
    @MethodSource("names")
    void givenPtx_whenADriverReadsIt_thenItAsksForNoMoreThanPromised(String name) throws IOException {
        String promised = architecture(name).equals("compute_80")
                ? "\n.version 7.8\n.target sm_80\n" // CUDA 11.8 and compute capability 8.0
                : "\n.version 8.0\n.target sm_90a\n"; // CUDA 12.0 and compute capability 9.0
        assertTrue(ptx(name).contains(promised));
    }

    /** Such forms flush denormals or approximate, which outward rounding must not. */
    @ParameterizedTest
    @MethodSource("names")
    void givenPtx_whenCompiled_thenNothingWasContractedOrFlushed(String name) throws IOException {
        String text = ptx(name);
        assertTrue(text.contains("-fmad=false"));
        assertFalse(text.contains("fast_math"));
        assertFalse(Pattern.compile("\\b(add|sub|mul|fma|mad|div|sqrt)\\.\\S*ftz").matcher(text).find());
    }
}

package dev.bulwark.device.cuda;

import static java.util.stream.Collectors.joining;
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
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The PTX and the machine code that are checked in are what the kernels' sources give, and the PTX claims no more than old
 * drivers take. Digests of all files are compared in every run; a part of the sources, drawn at random, is compiled anew
 * ({@link KernelPart}).
 */
class KernelSourcesTest {

    private static final Path SOURCES = Path.of("cuda");
    private static final Path DIGESTS = SOURCES.resolve("kernels.sha256");
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
        return pattern.matcher(text).results().map((MatchResult match) -> match.group(1))
                .collect(toCollection(TreeSet::new));
    }

    /** How a script ended. */
    private record Ended(int code, String output) {
    }

    /** Runs scripts/build-kernels of a checkout; with --check it changes nothing in it but target/kernels. */
    private static Ended buildKernels(Path checkout, String path, String... arguments) throws IOException,
            InterruptedException {
        List<String> words = new ArrayList<>(List.of(checkout.resolve("scripts/build-kernels").toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder command = new ProcessBuilder(words).redirectErrorStream(true);
        command.environment().put("PATH", path);
        Process process = command.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    private static void check(String path, KernelPart part) throws IOException, InterruptedException {
        Ended check = buildKernels(Path.of(""), path, "--check", part.toString());
        assertEquals(0, check.code, "scripts/build-kernels --check " + part + ": " + check.output);
    }

    private static String pathWithoutCompiler() {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator)).filter(folder -> !hasCompiler(folder))
                .collect(joining(File.pathSeparator));
    }

    private static boolean hasCompiler(String folder) {
        return Files.isExecutable(Path.of(folder, "nvcc"));
    }

    @Test
    void givenAnyMachine_whenDigestsAreCompared_thenThePtxComesFromTheseSources() throws Exception {
        check(pathWithoutCompiler(), new KernelPart(0, 1));
    }

    /** A checkout with one source, its headers, and what was made from it. */
    private static void copyOneSource(Path checkout) throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                if (name.startsWith("elementwise.") || name.endsWith(".cuh")) {
                    copy(file, checkout);
                }
            }
        }
        copy(Path.of("scripts/build-kernels"), checkout);
        Files.write(checkout.resolve(DIGESTS),
                Files.readAllLines(DIGESTS).stream().filter(line -> line.contains("/elementwise.")).toList());
    }

    private static void copy(Path file, Path checkout) throws IOException {
        Path copy = checkout.resolve(file);
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
    }

    @ParameterizedTest
    @CsvSource({
        "cuda/elementwise.cu, cuda/ptx/elementwise.compute_80.ptx",
        "cuda/ptx/elementwise.compute_80.ptx, cuda/ptx/elementwise.compute_80.ptx",
        "cuda/cubin/elementwise.sm_86.cubin.gz, cuda/cubin/elementwise.sm_86.cubin.gz",
        "cuda/kernels.sha256, is missing"})
    void givenAFileEditedByHand_whenDigestsAreCompared_thenItIsNamed(String edited, String named, @TempDir Path checkout)
            throws Exception {
        copyOneSource(checkout);
        Ended untouched = buildKernels(checkout, pathWithoutCompiler(), "--check");
        assertEquals(0, untouched.code, untouched.output);
        Path file = checkout.resolve(edited);
        byte[] content = Files.readAllBytes(file);
        if (edited.endsWith(".sha256")) {
            content = (new String(content, StandardCharsets.UTF_8) + "00  cuda/ptx/gone.ptx\n")
                    .getBytes(StandardCharsets.UTF_8);
        } else if (edited.endsWith(".gz")) {
            content[4] ^= 1; // the time in its header: unpacked, it is the same
        } else {
            content = (new String(content, StandardCharsets.UTF_8) + "\n").getBytes(StandardCharsets.UTF_8);
        }
        Files.write(file, content);
        Ended check = buildKernels(checkout, pathWithoutCompiler(), "--check");
        assertEquals(1, check.code, check.output);
        assertTrue(check.output.contains("differs: ") && check.output.contains(named), check.output);
    }

    @Test
    void givenParts_whenAllAreTaken_thenEverySourceIsInOne() {
        for (int item = 0; item < 100; ++item) {
            int taken = 0;
            for (int index = 0; index < 6; ++index) {
                taken += new KernelPart(index, 6).has(item) ? 1 : 0;
            }
            assertEquals(1, taken);
            assertTrue(new KernelPart(0, 1).has(item));
        }
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void givenNvcc_whenAPartIsCompiledAnew_thenPtxAndMachineCodeAreTheSame() throws Exception {
        String path = System.getenv("PATH");
        assumeTrue(Arrays.stream(path.split(File.pathSeparator)).anyMatch(KernelSourcesTest::hasCompiler),
                "no nvcc here: PTX was only compared with its sources by digest");
        check(path, KernelPart.ofThisRun());
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

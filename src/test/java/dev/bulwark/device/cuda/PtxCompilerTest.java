package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * What the compiler of an old driver makes of the PTX, for every GPU that it knows: code without spills.
 *
 * <p>{@code cuda/ptx-compiled.sha256} has the digests of PTX of which all was found so. A run compiles what is not there,
 * and a part of the rest, drawn at random ({@link KernelPart}). {@code -Dkernels=record} compiles all and writes that file.
 */
class PtxCompilerTest {

    private static final Path FOLDER = Path.of("cuda", "ptx");
    private static final Path COMPILED = Path.of("cuda", "ptx-compiled.sha256");
    private static final Pattern KERNEL = Pattern.compile("Compiling entry function '(\\w+)'");
    private static final Pattern SPILLS = Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern MAY_SPILL = Pattern.compile("(?m)^EXPORT_KERNEL\\((\\w+)\\) *// *may spill");
    /** Matrix instructions that wait for one another: right, but slow. */
    private static final String SERIALISED = "instructions are serialized";

    /** PTX, and a machine that a driver may compile it for. */
    private record Job(String file, String machine) {

        /** The line of the record that says so of this PTX. */
        String digest() throws IOException {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(FOLDER.resolve(file)));
                return HexFormat.of().formatHex(digest) + "  " + FOLDER.resolve(file);
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
        }

        static List<Job> all() throws IOException {
            try (Stream<Path> files = Files.list(FOLDER)) {
                return files.map(file -> file.getFileName().toString()).sorted()
                        .flatMap(file -> machines(file).stream().map(machine -> new Job(file, machine)))
                        .toList();
            }
        }

        private static List<String> machines(String file) {
            return file.contains("compute_90a") ? List.of("sm_90a") : List.of("sm_80", "sm_86", "sm_89", "sm_90");
        }

        PtxCompiler.Compiled compile() throws IOException {
            return PtxCompiler.compile(Files.readString(FOLDER.resolve(file)), machine);
        }
    }

    @Test
    void givenPtx_whenCompiledAsAnOldDriverWould_thenNoKernelSpills(TestReporter reporter) throws Exception {
        Set<String> allowed = spillers();
        List<String> wrong = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Job> jobs = jobs();
            List<Future<PtxCompiler.Compiled>> compiled = jobs.stream().map(job -> threads.submit(job::compile)).toList();
            for (int i = 0; i < jobs.size(); ++i) {
                Job job = jobs.get(i);
                PtxCompiler.Compiled result = compiled.get(i).get();
                if (result.cubin().length == 0) {
                    wrong.add(job + " is refused: " + result.log());
                }
                spills(result.log()).forEach((kernel, bytes) -> {
                    if (!allowed.contains(kernel) && bytes > 0) {
                        wrong.add(job + ": " + kernel + " spills " + bytes + " bytes");
                    }
                });
                if (result.log().contains(SERIALISED)) { // for its sake the machine code is preferred
                    reporter.publishEntry("serialised by CUDA " + PtxCompiler.version(), job.toString());
                    assertTrue(job.file.startsWith("smoothing_clustered."), job + ": " + result.log());
                }
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(List.of(), wrong);
        if (KernelPart.isRecorded()) {
            List<String> lines = new ArrayList<>(List.of(recordOf(PtxCompiler.version())));
            for (Job job : Job.all()) {
                if (!lines.contains(job.digest())) {
                    lines.add(job.digest());
                }
            }
            Files.write(COMPILED, lines);
        }
    }

    private static String recordOf(String version) {
        return "# compiled without spills by CUDA " + version;
    }

    /** What this run compiles. */
    private static List<Job> jobs() throws IOException {
        List<String> lines = Files.readAllLines(COMPILED);
        Set<String> known = lines.contains(recordOf(PtxCompiler.version())) ? Set.copyOf(lines) : Set.of();
        KernelPart part = KernelPart.ofThisRun();
        List<Job> all = Job.all();
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < all.size(); ++i) {
            if (part.has(i) || !known.contains(all.get(i).digest())) {
                jobs.add(all.get(i));
            }
        }
        return jobs;
    }

    static Set<String> spillers() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("cuda"))) {
            StringBuilder sources = new StringBuilder();
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sources.append(Files.readString(file));
            }
            return MAY_SPILL.matcher(sources).results().map(match -> match.group(1)).collect(Collectors.toSet());
        }
    }

    /** Bytes that each kernel spills for lack of registers, by the log. */
    static Map<String, Integer> spills(String log) {
        Map<String, Integer> spills = new TreeMap<>();
        String kernel = "?";
        for (String line : log.lines().toList()) {
            Matcher name = KERNEL.matcher(line);
            if (name.find()) {
                kernel = name.group(1);
            }
            Matcher bytes = SPILLS.matcher(line);
            if (bytes.find()) {
                int most = Math.max(Integer.parseInt(bytes.group(1)), Integer.parseInt(bytes.group(2)));
                spills.merge(kernel, most, Math::max);
            }
        }
        return spills;
    }

    /** A kernel that may have 24 registers and keeps 64 values: the check must report it. */
    @Test
    void givenAKernelThatSpills_whenCompiled_thenTheLogTells() {
        StringBuilder ptx = new StringBuilder(".version 7.8\n.target sm_80\n.address_size 64\n.visible .entry "
                + "spiller(.param .u64 p)\n.maxntid 1024\n.minnctapersm 2\n{\n.reg .f32 %x<64>;\n.reg .u64 "
                        + "%p;\nld.param.u64 %p, [p];\n");
        for (int i = 0; i < 64; ++i) {
            ptx.append("ld.volatile.global.f32 %x").append(i).append(", [%p + ").append(4 * i).append("];\n");
        }
        for (int i = 0; i < 64; ++i) {
            ptx.append("st.volatile.global.f32 [%p + ").append(4 * i).append("], %x").append(63 - i).append(";\n");
        }
        PtxCompiler.Compiled compiled = PtxCompiler.compile(ptx.append("ret;\n}\n").toString(), "sm_80");
        assertTrue(spills(compiled.log()).getOrDefault("spiller", 0) > 0, compiled.log());
    }
}

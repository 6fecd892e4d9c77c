package dev.bulwark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * scripts/gpu-check in a bundle whose Java and whose command line are stand-ins that fail, hang and crash: in every case
 * its JSON file is whole and has what was found.
 */
class GpuCheckTest {

    private static final Path SCRIPTS = Path.of("scripts");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Leaves its process number where it hangs, so that a test can tell whether it is gone. */
    private static final String HANG = "echo $$ >> \"$HANGING\"; exec sleep 600\n";

    /** Plays JUnit's console launcher by the name of the class. */
    private static final String JAVA = """
            #!/usr/bin/env bash
            begin() { echo "JUnit Jupiter > $1 :: STARTED"; }
            end() { begin "$1"; echo "JUnit Jupiter > $1 :: $2"; }
            case "$*" in
                *EveryModuleTest*) end "EveryModuleTest > [1] ELEMENTWISE" SUCCESSFUL; end "EveryModuleTest > [2] \\"X\\"" ABORTED ;;
                *GoodTest*) end one SUCCESSFUL; end two SUCCESSFUL ;;
                *BadTest*) end one SUCCESSFUL; end two FAILED; printf 'a \\e[31mred\\e[0m "line"\\n'; exit 1 ;;
                *StuckTest*) end one SUCCESSFUL; begin two; HANG ;;
                *Clustered*) end one SUCCESSFUL; begin two; kill -KILL $$ ;;
                *Ladder*) echo "layered, fp16             12345 noisy forward passes/s"; HANG ;;
            esac
            """.replace("HANG ;;", HANG.strip() + " ;;");

    private static final String BULWARK = """
            #!/usr/bin/env bash
            line=$*
            out=${line##*--out }
            case "$1" in
                devices) [[ $2 != --check ]] || { echo every kernel answers right; exit; }
                    printf 'cuda:0: a "GPU", compute capability 9.0\\n  driver: CUDA 13.0\\ncpu: one\\n' ;;
                bench) echo '{"copies_per_second": {"median": 7}}' > "$out"; HANG ;;
                reproduce) mkdir -p "$out/smoothing"; printf 'a\\nb\\n' > "$out/smoothing/sigma-0.25.tsv"
                    echo '{"seed": 3}' > "$out/run.json" ;;
            esac
            """.replace("HANG ;;", HANG.strip() + " ;;");

    @TempDir
    private Path folder;
    private Path bundle;
    private Path out;
    private Path hanging;

    @BeforeEach
    void layOut() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/env")) && Files.exists(SCRIPTS), "no scripts here");
        bundle = folder.resolve("a bundle");
        out = folder.resolve("out");
        hanging = folder.resolve("hanging");
        for (String name : List.of("lib", "test/classes/dev/bulwark/device/cuda", "runtime/bin")) {
            Files.createDirectories(bundle.resolve(name));
        }
        Files.copy(SCRIPTS.resolve("gpu-check"), bundle.resolve("gpu-check"));
        for (String name : List.of("launch.sh", "parts.sh", "gpu-parts.sh")) {
            Files.copy(SCRIPTS.resolve("lib").resolve(name), bundle.resolve("lib").resolve(name));
        }
        Files.writeString(bundle.resolve("runtime/release"), "JAVA_VERSION=\"17.0.1\"\n");
        Files.writeString(bundle.resolve("test/junit-platform-console-standalone-1.jar"), "");
        for (String name : List.of("Good", "Bad", "Stuck", "ClusteredNoisyClassifier", "EveryModule")) {
            Files.writeString(bundle.resolve("test/classes/dev/bulwark/device/cuda/" + name + "Test.class"),
                    "Ldev/bulwark/device/cuda/GpuTest;");
        }
        Files.writeString(bundle.resolve("test/classes/dev/bulwark/device/cuda/OtherTest.class"), "no test for a GPU");
        executable("runtime/bin/java", JAVA);
        executable("bulwark", BULWARK);
    }

    private void executable(String name, String content) throws IOException {
        Files.writeString(bundle.resolve(name), content);
        Files.setPosixFilePermissions(bundle.resolve(name), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Process start(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of("bash", bundle.resolve("gpu-check").toString(), "--out",
                out.toString()));
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        builder.environment().put("HANGING", hanging.toString());
        return builder.start();
    }

    private JsonNode report(Process process, int code) throws Exception {
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the script hangs");
        String log = Files.readString(folder.resolve("log"), StandardCharsets.UTF_8);
        assertEquals(code, process.exitValue(), log);
        return JSON.readTree(out.resolve("gpu-check.json").toFile());
    }

    private static Map<String, String> outcomes(JsonNode report) {
        Map<String, String> outcomes = new TreeMap<>();
        report.get("parts").forEach(part -> outcomes.put(part.get("part").asText(), part.get("outcome").asText()));
        return outcomes;
    }

    private void assertNothingIsLeft() throws IOException {
        for (String pid : Files.readAllLines(hanging)) {
            assertFalse(ProcessHandle.of(Long.parseLong(pid)).map(ProcessHandle::isAlive).orElse(false), "process " + pid);
        }
    }

    @Test
    void givenPartsThatHangFailAndCrash_whenChecked_thenTheReportIsWholeAndHasWhatEachFound() throws Exception {
        JsonNode report = report(start("--limits", "parity=6,ladder=5,bench=5"), 1);
        Map<String, String> outcomes = outcomes(report);
        assertEquals("out of time", outcomes.get("parity"));
        assertEquals("failed", outcomes.get("clustered"));
        assertEquals("out of time", outcomes.get("ladder"));
        assertEquals("out of time", outcomes.get("bench"));
        assertEquals("done", outcomes.get("devices"));
        assertEquals("done", outcomes.get("reproduce"));
        assertEquals(11, outcomes.size());
        assertTrue(report.get("finished").asBoolean());
        assertEquals("cuda:0: a \"GPU\", compute capability 9.0", report.get("device").asText());

        assertEquals(3, report.at("/devices/listed").size());
        assertEquals("every kernel answers right", report.at("/devices/answers/0").asText());
        assertEquals(List.of(1, 1), List.of(report.at("/devices/launches/passed").asInt(),
                report.at("/devices/launches/skipped").asInt()));
        assertEquals(3, report.at("/parity/of").asInt());
        Map<String, JsonNode> classes = new TreeMap<>();
        report.at("/parity/classes").forEach(one -> classes.put(one.get("class").asText().replaceAll(".*[.]", ""), one));
        assertEquals(2, classes.get("GoodTest").get("passed").asInt());
        assertEquals("two", classes.get("BadTest").get("failures").get(0).asText());
        assertEquals(1, classes.get("BadTest").get("exit").asInt());
        assertEquals("two", classes.get("StuckTest").get("unended").get(0).asText());
        assertTrue(classes.get("StuckTest").get("running").asBoolean());
        assertEquals("[\"two\"]", report.at("/clustered/unended").toString());
        assertEquals(12345, report.at("/ladder/layered, fp16").asInt());
        assertEquals(7, report.at("/bench/rates/copies_per_second/median").asInt());
        assertEquals(2, report.at("/reproduce/lines/smoothing~1sigma-0.25.tsv").asInt());
        assertEquals(3, report.at("/reproduce/run/seed").asInt());
        assertEquals(5, report.get("failed").size(), report.get("failed").toString());
        assertTrue(report.get("commands").size() >= 8);
        assertNothingIsLeft();
    }

    @Test
    void givenAScriptThatIsEndedInAPart_whenItsReportIsRead_thenItHasThePartsBeforeAndWhatThisOneFound() throws Exception {
        Process process = start("--parts", "ladder,bench");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(hanging) && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        Thread.sleep(2_000); // the part tells what it has every second
        process.destroy();
        JsonNode report = report(process, 130);
        assertEquals(Map.of("devices", "done"), outcomes(report));
        assertEquals(12345, report.at("/ladder/layered, fp16").asInt());
        assertFalse(report.get("finished").asBoolean());
        assertNothingIsLeft();
    }

    @Test
    void givenAGpuThatDoesNotAnswer_whenChecked_thenItIsNamedAndTheCodeIsFour() throws Exception {
        executable("bulwark", """
                #!/usr/bin/env bash
                printf '%s\\n' "cuda:0: a GPU" "  can't be used: cuda:0 did not answer within 20 s" "cpu: one"
                """);
        JsonNode report = report(start(), 4);
        assertEquals(1, report.get("parts").size());
        assertTrue(Files.readString(folder.resolve("log")).contains("no GPU to check: cuda:0 did not answer within 20 s"));
        executable("bulwark", "#!/usr/bin/env bash\necho 'cuda: no CUDA driver on this machine'\n");
        report(start(), 4);
        executable("bulwark", "#!/usr/bin/env bash\n" + HANG);
        assertEquals(Map.of("devices", "out of time"), outcomes(report(start("--limits", "devices=3"), 4)));
        assertNothingIsLeft();
    }

    @Test
    void givenTheLimits_whenAdded_thenTheyAreNineMinutesAtMost() throws Exception {
        Process bash = new ProcessBuilder("bash", "-c", "source scripts/lib/gpu-parts.sh; printf '%s\\n' \"${limits[@]}\"")
                .start();
        try (Stream<String> lines = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines()) {
            int sum = lines.mapToInt(Integer::parseInt).sum();
            assertTrue(0 < sum && sum <= 540, sum + " s");
        }
    }
}

package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a benchmark leaves behind, also where it does not come to its end. */
class BenchCommandTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TINY = List.of("bench", "--device", "cpu", "--hidden", "20", "--images", "1", "--n",
            "20", "--batch", "4", "--steps", "1", "--epoch", "1", "--normals", "3", "--ceiling", "16", "--repeats", "1",
            "--quiet");

    @TempDir
    private Path folder;

    private static int bulwark(List<String> words, StringWriter err) {
        return Main.run(words.toArray(String[]::new), new PrintWriter(new StringWriter()), new PrintWriter(err, true));
    }

    private static List<String> tiny(Path out, String seconds, String... more) {
        List<String> words = new ArrayList<>(TINY);
        words.addAll(List.of("--out", out.toString(), "--seconds", seconds));
        words.addAll(List.of(more));
        return words;
    }

    @Test
    void givenABenchmark_whenItIsDone_thenTheFileHasEveryRateAndWhereItWasMeasured() throws Exception {
        Path out = folder.resolve("new/bench.json");
        StringWriter err = new StringWriter();
        assertEquals(0, bulwark(tiny(out, "1e-4", "--scaling", "--inputs", "351", "--classes", "7"), err), err.toString());
        JsonNode json = JSON.readTree(out.toFile());
        for (String rate : List.of("noisy_forwards_per_second", "normals_per_second", "ibp_images_per_second",
                "ibp_training_samples_per_second", "pgd_image_steps_per_second")) {
            JsonNode entry = json.path(rate);
            assertTrue(0 < entry.path("min").asDouble() && entry.path("min").asDouble() <= entry.path("median").asDouble()
                    && entry.path("median").asDouble() <= entry.path("max").asDouble(), rate + " " + entry);
            assertTrue(entry.has("sizes") && entry.path("repeats").asInt() == 1, rate + " " + entry);
        }
        assertEquals(9, json.get("scaling").size());
        assertTrue(json.has("device") && json.has("versions"), json.toString());
        assertTrue(json.path("command").asText().startsWith("bulwark bench"), json.toString());
    }

    @Test
    void givenABenchmarkThatIsKilled_whenItsFileIsRead_thenItIsWholeAndHasEveryRateUntilThen() throws Exception {
        Path out = folder.resolve("bench.json");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(tiny(out, "0.05"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        boolean measured = false;
        while (!measured && process.isAlive() && System.nanoTime() < deadline) {
            measured = Files.exists(out) && JSON.readTree(out.toFile()).has("copies_per_second"); // whole at any time
            Thread.sleep(2);
        }
        process.destroyForcibly().waitFor();
        JsonNode json = JSON.readTree(out.toFile());
        assertTrue(json.has("copies_per_second") && json.has("device"), json.toString());
        assertFalse(json.has("pgd_image_steps_per_second"), "the benchmark ended before it was killed");
    }

    @Test
    void givenAFileThatCantBeWritten_whenBenchmarked_thenThatIsSaidBeforeAnythingIsMeasured() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        StringWriter err = new StringWriter();
        long start = System.nanoTime();
        assertEquals(1, bulwark(tiny(file.resolve("bench.json"), "3600"), err), err.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(System.nanoTime() - start < TimeUnit.MINUTES.toNanos(5));
    }
}

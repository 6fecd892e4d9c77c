package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may write where: one process at a time, its own files only, and not without noticing that they are gone. */
class OneRunTest {

    /** Few, so that they are read in no time. */
    private static final int IMAGES = 500;

    @TempDir
    private Path folder;
    private Path model;
    private Path rows;
    private Path record;
    private Path data;

    @BeforeEach
    void writeModelAndData() throws IOException {
        model = folder.resolve("model.safetensors");
        rows = folder.resolve("run/rows.tsv");
        record = folder.resolve("run/rows.tsv.run.json");
        data = Files.createDirectory(folder.resolve("data"));
        for (String split : List.of("train", "t10k")) {
            writeIdx(split + "-images-idx3-ubyte", 3, 784, IMAGES);
            writeIdx(split + "-labels-idx1-ubyte", 1, 1, IMAGES);
        }
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
    }

    /** Images of grey levels that differ, labels 0 to 9 in turn; {@code size} bytes each. */
    private void writeIdx(String name, int dimensions, int size, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * dimensions + size * count).putInt(0x800 | dimensions).putInt(count);
        for (int k = 1; k < dimensions; ++k) {
            bytes.putInt(28);
        }
        for (int k = 0; bytes.hasRemaining(); ++k) {
            bytes.put((byte) (size == 1 ? k % 10 : k * 37 + k / size));
        }
        Files.write(data.resolve(name), bytes.array());
    }

    private String[] words(Object... arguments) {
        return Stream.concat(Arrays.stream(arguments), Stream.of("--data", data, "--device", "cpu", "--quiet"))
                .map(Object::toString).toArray(String[]::new);
    }

    private String run(int code, Object... arguments) {
        StringWriter err = new StringWriter();
        assertEquals(code, Main.run(words(arguments), new PrintWriter(new StringWriter()), new PrintWriter(err, true)),
                err.toString());
        return err.toString();
    }

    private String fails(int code, Object... arguments) {
        String err = run(code, arguments);
        assertEquals(1, error(err).size(), err);
        return error(err).get(0);
    }

    /** What stands behind warnings: that a network only guesses is said of any that a test makes up. */
    private static List<String> error(String err) {
        return err.lines().dropWhile(line -> !line.startsWith("bulwark: ")).toList();
    }

    private void done(Object... arguments) {
        run(0, arguments);
    }

    private Object[] certify(Object... more) {
        return Stream.concat(Stream.of("certify", model, "--n0", 5, "--alpha", 0.01), Arrays.stream(more)).toArray();
    }

    private Process launch(Path err, Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-exports", "java.base/jdk.internal.module=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(Arrays.asList(words(arguments)));
        return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(err.toFile())
                .start();
    }

    /** Waits until the process has written this many rows. */
    private void awaitRows(Process process, int count) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!(Files.exists(rows) && Files.readString(rows).lines().count() > count)) {
            assertTrue(process.isAlive() && System.nanoTime() < deadline, "the process ended or hangs");
            Thread.sleep(5);
        }
    }

    /** A run that takes minutes, so that none of these tests comes too late. */
    private Process start(Path err) throws Exception {
        Process process = launch(err, certify("--sigma", 0.25, "--n", 200_000, "--out", rows));
        awaitRows(process, 1);
        return process;
    }

    @Test
    void givenARunningProcess_whenAnotherIsStarted_thenRefusedByNumberAndItsRowsStay() throws Exception {
        Process first = start(folder.resolve("err"));
        try {
            for (Object[] second : List.of(
                    certify("--sigma", 0.25, "--n", 200_000, "--out", rows, "--resume"),
                    certify("--sigma", 0.5, "--n", 20, "--limit", 2, "--out", rows, "--overwrite"))) {
                String complaint = fails(2, second);
                assertTrue(complaint.startsWith("bulwark: " + record + ": process " + first.pid() + " (bulwark certify "),
                        complaint);
            }
            assertTrue(fails(2, certify("--sigma", 0.5, "--n", 20, "--limit", 2, "--out", folder.resolve("other.tsv"),
                    "--certificates", rows, "--overwrite")).contains(rows + ": process " + first.pid()));
            assertTrue(first.isAlive() && Files.readString(record).contains("0.25"));
        } finally {
            first.destroyForcibly().waitFor();
        }
        assertEquals(4, hiddenAndPlain(rows.getParent()).size(), "rows, record and two locks of the dead");
        done(certify("--sigma", 0.5, "--n", 20, "--limit", 2, "--out", rows, "--overwrite"));
        assertEquals(List.of(rows, record), hiddenAndPlain(rows.getParent()));
        assertEquals(3, Files.readAllLines(rows).size());
    }

    @Test
    void givenAFolderRemovedDuringARun_whenItEnds_thenAnErrorAndOne() throws Exception {
        Path err = folder.resolve("err");
        Process process = start(err);
        for (Path file : hiddenAndPlain(rows.getParent())) {
            Files.delete(file);
        }
        Files.delete(rows.getParent());
        assertEquals(1, process.waitFor(), Files.readString(err));
        assertTrue(Files.readString(err).contains(rows + ": ") && Files.readString(err).contains("removed"),
                Files.readString(err));
        assertEquals(1, error(Files.readString(err)).size(), Files.readString(err));
        assertFalse(Files.exists(rows.getParent()));
    }

    @Test
    void givenAProcessToldToEnd_whenItHas_thenWholeLinesAndNoLock() throws Exception {
        Process process = start(folder.resolve("err"));
        process.destroy();
        assertEquals(143, process.waitFor());
        assertTrue(Files.readString(rows).endsWith("\n"));
        assertEquals(List.of(rows, record), hiddenAndPlain(rows.getParent()));
    }

    @Test
    void givenSomebodysFile_whenNamedAsOutput_thenRefusedBeforeAnythingIsWritten() throws IOException {
        Path notes = Files.writeString(folder.resolve("notes.txt"), "my only line");
        Object[] settings = {"--sigma", 0.5, "--n", 20, "--limit", 2};
        done(certify(with(settings, "--out", rows)));
        for (String how : List.of("--overwrite", "--resume")) {
            fails(how.equals("--resume") ? 3 : 2, certify(with(settings, "--out", rows, "--certificates", notes, how)));
            fails(2, certify(with(settings, "--out", notes, how)));
            fails(2, "verify", model, "--epsilon", 0.1, "--limit", 2, "--out", notes, how);
        }
        fails(2, certify(with(settings, "--out", folder.resolve("new.tsv"), "--certificates", notes)));
        fails(2, "train", "ibp", "--epsilon", 0.1, "--limit", 100, "--out", notes, "--overwrite");
        assertEquals("my only line", Files.readString(notes));
        Files.writeString(folder.resolve("t.safetensors.checkpoint"), "mine too");
        fails(3, "train", "ibp", "--epsilon", 0.1, "--limit", 100, "--out", folder.resolve("t.safetensors"), "--overwrite");
        assertEquals("mine too", Files.readString(folder.resolve("t.safetensors.checkpoint")));
        assertEquals(List.of(data, model, notes, rows.getParent(), folder.resolve("t.safetensors.checkpoint")),
                hiddenAndPlain(folder));
    }

    @Test
    void givenAnOutputThatCannotBe_whenNamed_thenTheMessageSaysWhy() {
        Object[] settings = {"--sigma", 0.5, "--n", 20, "--limit", 2, "--out"};
        assertTrue(fails(2, certify(with(settings, folder))).contains("is a folder: name a file"));
        assertTrue(fails(2, certify(with(settings, ""))).contains("--out needs the name of a file, and is empty"));
        assertTrue(fails(2, certify(with(settings, rows, "--certificates", rows))).contains("name one file"));
        assertTrue(fails(2, "reproduce", "--out", model).contains("is a file: name a folder"));
        assertTrue(fails(2, "reproduce", "--out", "").contains("needs the name of a folder"));
        assertTrue(fails(2, "tradeoff", "--epsilon", 0.1, "--out", model).contains("is a file: name a folder"));
        assertTrue(fails(2, "train", "ibp", "--epsilon", 0.1, "--out", folder).contains("is a folder: name a file"));
    }

    @Test
    void givenNothingToResume_whenAsked_thenSaidAndNothingIsStarted() throws IOException {
        Path typo = folder.resolve("typo");
        assertTrue(fails(2, certify("--sigma", 0.5, "--n", 20, "--limit", 2, "--out", typo, "--resume"))
                .contains("nothing to resume"));
        assertTrue(fails(2, "reproduce", "--out", typo, "--sigma", 0.25, "--epsilon", 0.05, "--resume")
                .contains("nothing to resume"));
        assertTrue(fails(2, "tradeoff", "--epsilon", 0.1, "--out", typo, "--resume").contains("nothing to resume"));
        assertTrue(fails(2, "train", "ibp", "--epsilon", 0.1, "--out", typo, "--resume").contains("nothing to resume"));
        assertEquals(List.of(data, model), hiddenAndPlain(folder));
    }

    @Test
    void givenRowsThatWereAltered_whenResumed_thenNoneIsKept() throws IOException {
        Path votes = folder.resolve("run/rows.jsonl");
        Object[] settings = certify("--sigma", 0.5, "--n", 100, "--limit", 3, "--out", rows);
        done(with(settings, "--certificates", votes));
        String printed = Files.readString(rows);
        String whole = Files.readString(votes);
        Files.writeString(rows, printed.replaceFirst("(?m)^1\t(\\d)\t-?\\d\t[^\t]*\t\\d", "1\t$1\t$1\t99999.0\t1"));
        assertTrue(fails(3, with(settings, "--resume")).contains(rows + ": the row for index 1 has radius 99999"));
        assertTrue(fails(3, with(settings, "--certificates", votes, "--resume")).contains("but its votes say"));
        Files.writeString(rows, printed);
        Files.writeString(votes, whole.replaceFirst("\"p_a_lower\":[^,]*", "\"p_a_lower\":0.99"));
        assertTrue(fails(3, with(settings, "--certificates", votes, "--resume"))
                .contains("p_a_lower is 0.99, but count, n and alpha"));
        Files.writeString(votes, whole.replace("\"n0\":5", "\"n0\":6"));
        assertTrue(fails(2, with(settings, "--certificates", votes, "--resume")).contains("is another run's"));
        Files.writeString(votes, whole);
        done(with(settings, "--certificates", votes, "--resume"));
    }

    @Test
    void givenSigmaBetweenTwoFloats_whenCertified_thenRadiiAreThoseOfTheCalculator() throws IOException {
        Path votes = folder.resolve("run/rows.jsonl");
        done(certify("--sigma", 0.1, "--n", 1000, "--limit", 12, "--out", rows, "--certificates", votes));
        int certified = 0;
        for (String line : Files.readAllLines(votes)) {
            JsonNode row = new ObjectMapper().readTree(line);
            StringWriter out = new StringWriter();
            assertEquals(0, Main.run(new String[] {"radius", "--sigma", "0.1", "--count", row.get("count").asText(),
                    "--n", "1000",
                "--alpha", "0.01"}, new PrintWriter(out, true), new PrintWriter(out, true)));
            assertEquals(new ObjectMapper().readTree(out.toString()).get("radius").asDouble(), row.get("radius").asDouble());
            certified += row.get("predict").asInt() >= 0 ? 1 : 0;
        }
        assertTrue(certified > 0, "all abstain");
    }

    @Test
    void givenARunWithFileModes_whenDone_thenTheRecordIsAsReadableAsTheRows() throws IOException {
        done(certify("--sigma", 0.5, "--n", 20, "--limit", 2, "--out", rows));
        assertEquals(Files.getPosixFilePermissions(rows), Files.getPosixFilePermissions(record));
    }

    @Test
    void givenMoreSamplesThanAnyRunTakes_whenAsked_thenTheLimitIsNamed() {
        for (String option : List.of("--n0", "--n")) {
            assertTrue(fails(2, "certify", model, "--sigma", 0.5, "--out", rows, option, Integer.MAX_VALUE)
                    .contains(option + " must lie between 1 and 10,000,000"));
        }
    }

    private static Object[] with(Object[] common, Object... more) {
        return Stream.concat(Arrays.stream(common), Arrays.stream(more)).toArray();
    }

    private static List<Path> hiddenAndPlain(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}

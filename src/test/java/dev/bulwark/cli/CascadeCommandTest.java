package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SampleRows;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code verify} as it is where no method is named. */
class CascadeCommandTest {

    private static final String LAST = "AutoAttack on what branch and bound leaves open";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int IMAGES = 40;

    @TempDir
    private Path folder;
    private Path model;
    private Path rows;
    private Path images;

    /** A small network, images of its own predictions, and balls in which every stage has something to do. */
    @BeforeEach
    void write() throws IOException {
        SplittableRandom random = new SplittableRandom(11);
        List<Op.Dense> layers = new ArrayList<>();
        int in = 6;
        for (int out : new int[] {16, 16, 3}) {
            layers.add(Mlp.dense(in, out, Mlp.values(random, in * out, -1, 1), Mlp.values(random, out, -0.25f, 0.25f)));
            in = out;
        }
        Graph graph = Mlp.of(layers);
        model = folder.resolve("model.onnx");
        ModelFile.writeOnnx(model, graph, Map.of());
        images = Files.write(folder.resolve("x.npy"), NpyBytes.floats(Mlp.values(random, 6 * IMAGES, 0, 1), IMAGES, 6));
        rows = folder.resolve("rows.jsonl");
    }

    private String verify(int code, Object... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Object[] words = Stream.concat(Stream.of("verify", model, "--data", images, "--out", rows, "--device", "cpu", "--quiet"),
                Arrays.stream(more)).toArray();
        assertEquals(code, Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new),
                new PrintWriter(out, true), new PrintWriter(err, true)), err.toString());
        return code == 0 ? out.toString() : err.toString().strip();
    }

    private JsonNode record() throws IOException {
        return JSON.readTree(rows.resolveSibling(rows.getFileName() + ".run.json").toFile());
    }

    @Test
    void givenNoMethod_whenVerified_thenEachRowSaysWhatDecidedItAndTheRecordWhatStagesDid() throws IOException {
        String said = verify(0, "--epsilon", 0.08, "--max-domains", 2000);
        List<BoundsRow> all = RowFile.read(rows, BoundsRow.FORMAT);
        assertEquals(IMAGES, all.size());
        for (BoundsRow row : all) {
            assertEquals(Method.CASCADE, row.method());
            assertTrue(row.verdict().isPresent() && row.seconds().orElse(-1.0) > 0);
            assertTrue(row.decidedBy().isPresent() != row.reason().isPresent());
        }
        int left = IMAGES;
        for (Cascade.Stage stage : Cascade.Stage.values()) {
            JsonNode totals = record().at("/stages/" + stage);
            assertEquals(left, totals.path("images").asInt(), stage.toString());
            long certified = all.stream().filter(row -> row.decidedBy().equals(Optional.of(stage)) && row.certified()).count();
            long falsified = all.stream().filter(row -> row.decidedBy().equals(Optional.of(stage)) && !row.certified()).count();
            assertEquals(certified, totals.path("certified").asInt(), stage.toString());
            assertEquals(falsified, totals.path("falsified").asInt(), stage.toString());
            assertTrue(said.contains(stage + " " + (certified + falsified)), said);
            left -= (int) (certified + falsified);
        }
        assertTrue(record().at("/stages/attack/falsified").asInt() > 0 && record().at("/stages/ibp/certified").asInt() > 0, said);
        assertEquals(2000, record().at("/identity/max_domains").asInt());
        assertEquals("PGD-40 up the margin, 1 start; " + LAST, record().at("/identity/attack").asText());
    }

    /** What is certified or falsified by branch and bound alone is so by the cascade. */
    @Test
    void givenTheStrongestMethodAlone_whenVerified_thenAnswersAreTheSame() throws IOException {
        verify(0, "--epsilon", 0.08, "--max-domains", 2000);
        List<BoundsRow> cascade = RowFile.read(rows, BoundsRow.FORMAT);
        verify(0, "--epsilon", 0.08, "--max-domains", 2000, "--method", "exact", "--overwrite");
        List<BoundsRow> exact = RowFile.read(rows, BoundsRow.FORMAT);
        for (int k = 0; k < IMAGES; ++k) {
            assertEquals(exact.get(k).verdict(), cascade.get(k).verdict(), "image " + k);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 39})
    void givenARunThatStopped_whenResumed_thenRowsAreTheSameAndEachIsCountedOnce(int kept) throws IOException {
        Object[] how = {"--epsilon", 0.08, "--max-domains", 500};
        verify(0, how);
        String whole = SampleRows.untimed(Files.readString(rows));
        List<String> lines = Files.readAllLines(rows);
        Files.write(rows, lines.subList(0, kept));
        double before = record().at("/stages/ibp/seconds").asDouble();
        verify(0, Stream.concat(Arrays.stream(how), Stream.of("--resume")).toArray());
        assertEquals(whole, SampleRows.untimed(Files.readString(rows)));
        assertEquals(2 * IMAGES - kept, record().at("/stages/ibp/images").asInt(), "those whose rows were lost again");
        assertTrue(record().at("/stages/ibp/seconds").asDouble() >= before);
    }

    @Test
    void givenIndices_whenVerified_thenRowsAreThoseOfAll() throws IOException {
        verify(0, "--epsilon", 0.04, "--max-domains", 500);
        List<String> all = SampleRows.untimed(Files.readString(rows)).lines().toList();
        verify(0, "--epsilon", 0.04, "--max-domains", 500, "--indices", "31,4", "--overwrite");
        List<BoundsRow> two = RowFile.read(rows, BoundsRow.FORMAT);
        assertEquals(List.of(31, 4), two.stream().map(BoundsRow::index).toList());
        for (BoundsRow row : two) {
            JsonNode same = JSON.readTree(all.get(row.index()));
            assertEquals(same.path("verdict").asText(), row.verdict().orElseThrow().name().toLowerCase(java.util.Locale.ROOT));
        }
    }

    @ParameterizedTest
    @CsvSource({"2,0.1", "1,0.2"})
    void givenAnotherNorm_whenVerified_thenRowsSaySo(String norm, double epsilon) throws IOException {
        verify(0, "--epsilon", epsilon, "--norm", norm, "--max-domains", 100);
        List<BoundsRow> all = RowFile.read(rows, BoundsRow.FORMAT);
        assertTrue(all.stream().allMatch(row -> row.ballNorm().toString().equals(norm)));
        assertTrue(all.stream().anyMatch(BoundsRow::certified));
        assertEquals(norm.equals("1") ? "none; " + LAST : "PGD-40 up the margin, 1 start; " + LAST, record().at("/identity/attack").asText());
    }

    @Test
    void givenASearchForTheLargest_whenVerified_thenNoneIsBelowThatOfBoundsAlone() throws IOException {
        Object[] how = {"--largest", "--epsilon", 0.5, "--bisections", 2, "--limit", 3, "--max-domains", 50};
        verify(0, how);
        List<BoundsRow> cascade = RowFile.read(rows, BoundsRow.FORMAT);
        verify(0, "--largest", "--epsilon", 0.5, "--bisections", 2, "--limit", 3, "--method", "crown", "--overwrite");
        List<BoundsRow> crown = RowFile.read(rows, BoundsRow.FORMAT);
        for (int k = 0; k < 3; ++k) {
            assertTrue(cascade.get(k).largestEpsilon().orElse(0.0) >= crown.get(k).largestEpsilon().orElse(0.0));
        }
    }

    @Test
    void givenWhatACascadeDoesNotTake_whenVerified_thenOneLineSaysSo() {
        assertEquals("bulwark: --textbook is a form of methods of bounds: --method cascade has no other form",
                verify(2, "--epsilon", 0.1, "--textbook"));
        assertTrue(verify(2, "--epsilon", 0.1, "--timeout", 0).contains("--timeout must be a number of seconds above 0"));
        assertTrue(verify(2, "--epsilon", 0.1, "--max-domains", 0).contains("--max-domains must be at least 1"));
        assertTrue(verify(2, "--epsilon", 0.1, "--method", "all").contains(
                "--method is one of ibp, crown-ibp, crown, deeppoly, alpha-crown, exact, cascade, not all"));
    }
}

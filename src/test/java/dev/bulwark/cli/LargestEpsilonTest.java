package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code verify --largest}. */
class LargestEpsilonTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private String verify(int code, Path model, Path rows, Object... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Object[] words = Stream.concat(Stream.of("verify", model, "--out", rows, "--device", "cpu", "--quiet"),
                Arrays.stream(more)).toArray();
        assertEquals(code, Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new),
                new PrintWriter(out, true), new PrintWriter(err, true)), err.toString());
        return code == 0 ? out.toString() : err.toString().strip();
    }

    /** Far from the faces, an image is certified up to its margin over the dual norm of the weights' difference. */
    @ParameterizedTest
    @CsvSource({"inf,0.25", "2,1/3", "1,0.7"})
    void givenALinearNetwork_whenSearched_thenTheClosedFormIsFoundToAShareOfItselfAndNeverPassed(String norm, String most)
            throws IOException {
        SplittableRandom random = new SplittableRandom(4);
        int inputs = 6;
        float[] weight = Mlp.values(random, inputs, -1, 1);
        float[] both = new float[2 * inputs];
        System.arraycopy(weight, 0, both, inputs, inputs);
        double middle = IntStream.range(0, inputs).mapToDouble(i -> 0.5 * weight[i]).sum();
        Graph linear = Mlp.of(List.of(Mlp.dense(inputs, 2, both, new float[] {0, (float) -middle})));
        Path model = folder.resolve("m.onnx");
        ModelFile.writeOnnx(model, linear, Map.of());
        int count = 60;
        float[] images = Mlp.values(random, count * inputs, 0.3, 0.7);
        for (int k = 0; k < images.length / 2; ++k) {
            images[k] = 0.5f + (images[k] - 0.5f) / 64; // half of the images lie near the decision boundary
        }
        int[] labels = random.ints(count, 0, 2).toArray();
        Path data = Files.write(folder.resolve("x.npy"), NpyBytes.floats(images, count, 1, inputs));
        Path classes = Files.write(folder.resolve("y.npy"), NpyBytes.labels(labels));
        Path rows = folder.resolve("rows.jsonl");
        verify(0, model, rows, "--data", data, "--labels", classes, "--largest", "--epsilon", most, "--norm", norm, "--method",
                "crown", "--bisections", 9);
        double end = most.equals("1/3") ? 1 / 3.0 : Double.parseDouble(most);
        int between = 0;
        int small = 0;
        for (BoundsRow row : RowFile.read(rows, BoundsRow.FORMAT)) {
            double margin = (float) -middle;
            double dual = 0;
            for (int i = 0; i < inputs; ++i) {
                margin += (double) weight[i] * images[row.index() * inputs + i];
                double size = Math.abs(weight[i]);
                dual = norm.equals("inf") ? dual + size : norm.equals("2") ? Math.hypot(dual, size) : Math.max(dual, size);
            }
            double truth = (labels[row.index()] == 1 ? margin : -margin) / dual;
            assertEquals(row.largestEpsilon().isPresent(), row.certified());
            if (truth > 0.3) {
                assertTrue(row.largestEpsilon().orElse(0.0) >= Math.min(end, 0.3) - end / 512 - 1e-6); // faces may cut the ball
            } else if (truth < 0) {
                assertEquals(Optional.empty(), row.largestEpsilon());
            } else {
                double found = row.largestEpsilon().orElse(0.0);
                assertTrue(found <= truth + 1e-6, found + " is beyond " + truth);
                assertTrue(found >= Math.min(end, truth) * (1 - 1 / 512.0) - 1e-6, found + " is far below " + truth);
                small += found > 0 && found < end / 50 ? 1 : 0;
                between += found > 0 && found < end ? 1 : 0;
            }
        }
        assertTrue(between > 5 && small > 5, between + " lie inside the search, " + small + " of them far below its upper end");
    }

    @Test
    void givenASearch_whenItsRowsAreVerifiedAlone_thenTheyHoldAndTheRecordSaysHowItSearched() throws IOException {
        Path model = folder.resolve("model.safetensors");
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
        Path rows = folder.resolve("rows.jsonl");
        String indices = "0,5,14,19,23,1,2,36";
        String said = verify(0, model, rows, "--dataset", "digits", "--largest", "--method", "crown", "--indices", indices,
                "--bisections", 8);
        assertTrue(said.contains("images certified at some epsilon tried, up to 1 (l-infinity, crown, 8 bisections)")
                || said.replaceAll("\\s+", " ").contains("up to 1 (l-infinity, crown, 8 bisections)"), said);
        JsonNode identity = JSON.readTree(folder.resolve("rows.jsonl.run.json").toFile()).path("identity");
        assertEquals("1.0 true 8", identity.path("epsilon") + " " + identity.path("largest") + " " + identity.path("bisections"));
        List<BoundsRow> found = RowFile.read(rows, BoundsRow.FORMAT);
        assertTrue(found.stream().anyMatch(BoundsRow::certified));
        for (BoundsRow row : found) {
            if (row.largestEpsilon().isPresent()) {
                Path alone = folder.resolve("alone-" + row.index() + ".jsonl");
                verify(0, model, alone, "--dataset", "digits", "--epsilon", row.largestEpsilon().get(), "--method", "crown",
                        "--indices", row.index());
                assertTrue(RowFile.read(alone, BoundsRow.FORMAT).get(0).certified());
            } else {
                assertFalse(row.certified());
            }
        }
        List<String> lines = WholeCommands.timeless(rows);
        Files.write(rows, lines.subList(0, 3));
        verify(0, model, rows, "--dataset", "digits", "--largest", "--method", "crown", "--indices", indices, "--bisections", 8,
                "--resume");
        assertEquals(lines, WholeCommands.timeless(rows));
        assertTrue(verify(2, model, rows, "--dataset", "digits", "--largest", "--method", "crown", "--bisections", 9, "--resume")
                .contains("bisections"));
        assertTrue(verify(2, model, rows, "--dataset", "digits", "--overwrite").contains("--epsilon is missing"));
        assertTrue(verify(2, model, rows, "--dataset", "digits", "--epsilon", 0.1, "--bisections", 3, "--overwrite").contains("--largest"));
        assertTrue(verify(2, model, rows, "--dataset", "digits", "--largest", "--bisections", 0, "--overwrite").contains("--bisections"));
    }
}

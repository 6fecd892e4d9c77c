package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.attack.AttackMethod;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two networks that give x0 > x1 the class 0. In one both logits are linear; in the other the rival's is a ReLU that is off there, so
 * that no gradient leads to it.
 */
class TransferCommandTest {

    @TempDir
    private Path folder;
    private Path rows;

    @BeforeEach
    void write() throws IOException {
        rows = folder.resolve("rows.jsonl");
        model("plain", Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, -1, -1, 1}, new float[2]))));
        model("masked", Mlp.of(List.of(Mlp.dense(2, 1, new float[] {-1, 1}, new float[1]),
                Mlp.dense(1, 2, new float[] {0, 1}, new float[] {1e-4f, 0}))));
        // At distance 0.27, 0.28 and 0.45 of the other class, and one that is wrong.
        Files.write(folder.resolve("x.npy"), NpyBytes.floats(new float[] {0.77f, 0.23f, 0.78f, 0.22f, 0.95f, 0.05f, 0.2f, 0.8f}, 4, 1, 1, 2));
        Files.write(folder.resolve("y.npy"), NpyBytes.labels(0, 0, 0, 0));
    }

    private void model(String name, Graph network) throws IOException {
        ModelFile.write(folder.resolve(name + ".safetensors"), network, Precision.F32, Map.of());
    }

    /** Returns what was printed, errors included. */
    private String attack(int status, String model, Object... more) {
        StringWriter printed = new StringWriter();
        String[] arguments = Stream.concat(Stream.of("attack", folder.resolve(model + ".safetensors"), "--data", folder.resolve("x.npy"),
                "--labels", folder.resolve("y.npy"), "--device", "cpu", "--out", rows), Stream.of(more)).map(Object::toString)
                .toArray(String[]::new);
        assertEquals(status, Main.run(arguments, new PrintWriter(printed, true), new PrintWriter(printed, true)), printed.toString());
        return printed.toString();
    }

    private List<AttackRow> read() throws IOException {
        return RowFile.read(rows, AttackRow.FORMAT);
    }

    @Test
    void givenMaskedGradients_whenPointsOfAnotherNetworkAreTried_thenTheyBreakWhatNoGradientDid() throws IOException {
        String searched = attack(0, "masked", "--epsilon", 0.3, "--attack", "apgd", "--loss", "cross-entropy");
        assertTrue(searched.contains("3 right as they are") && searched.contains("had no gradient at all at a starting point of 2 of 3")
                && searched.contains("that were kept of another network"), searched);
        assertTrue(read().stream().filter(row -> row.brokenBy().isPresent()).count() < 2, "a random start alone may break one");
        for (String kept : List.of("kept.npy", "kept")) {
            Path images = folder.resolve(kept);
            attack(0, "plain", "--epsilon", 0.3, "--save-adversarial", images, "--overwrite");
            String tried = attack(0, "masked", "--epsilon", 0.3, "--transfer", images, "--overwrite");
            assertTrue(tried.contains("3 right as they are; of these 2 broken by transfer, 1 not broken"), tried);
            List<AttackRow> found = read();
            assertEquals(List.of(true, true, false, true), found.stream().map(AttackRow::broken).toList());
            assertEquals(Optional.of(AttackMethod.TRANSFER), found.get(0).attack());
            assertTrue(found.get(0).linf().orElseThrow() > 0.25 && found.get(0).linf().orElseThrow() <= 0.3, found.toString());
            assertEquals(Optional.empty(), found.get(3).attack(), "wrong as it is");
            JsonNode record = new ObjectMapper().readTree(folder.resolve("rows.jsonl.run.json").toFile());
            assertEquals("transfer", record.at("/identity/attack").asText());
            assertEquals(64, record.at("/identity/transfer_sha256").asText().length());
            assertEquals("3 2", record.at("/attacks/transfer/images").asText() + " " + record.at("/attacks/transfer/broken").asText());
            List<String> lines = Files.readAllLines(rows);
            Files.write(rows, lines.subList(0, 2));
            attack(0, "masked", "--epsilon", 0.3, "--transfer", images, "--resume");
            assertEquals(lines, Files.readAllLines(rows));
        }
    }

    @Test
    void givenPointsOutsideTheBall_whenTried_thenTheyDoNotCount() throws IOException {
        Path images = folder.resolve("kept.npy");
        attack(0, "plain", "--epsilon", 0.3, "--save-adversarial", images);
        String tried = attack(0, "masked", "--epsilon", 0.2, "--transfer", images, "--overwrite");
        assertTrue(tried.contains("of 2 images the given one lies outside the ball"), tried);
        assertTrue(tried.contains("of these 0 broken by transfer, 3 not broken"), tried);
        assertTrue(attack(3, "masked", "--epsilon", 0.2, "--transfer", folder.resolve("other.npy"), "--resume").contains("no such file"));
        attack(0, "plain", "--epsilon", 0.29, "--save-adversarial", folder.resolve("other.npy"), "--overwrite");
        attack(0, "masked", "--epsilon", 0.2, "--transfer", images, "--overwrite");
        assertTrue(attack(2, "masked", "--epsilon", 0.2, "--transfer", folder.resolve("other.npy"), "--resume").contains("transfer_sha256"));
    }

    @Test
    void givenImagesThatDoNotBelong_whenTried_thenRefused() throws IOException {
        Path images = folder.resolve("kept.npy");
        attack(0, "plain", "--epsilon", 0.3, "--save-adversarial", images);
        attack(0, "plain", "--epsilon", 0.3, "--save-adversarial", folder.resolve("kept"), "--limit", 2, "--overwrite");
        assertTrue(attack(2, "masked", "--epsilon", 0.3, "--transfer", images, "--limit", 2, "--overwrite")
                .contains("holds 4 images, but 2 are to be attacked"));
        assertTrue(attack(2, "masked", "--epsilon", 0.3, "--transfer", folder.resolve("kept"), "--overwrite").contains("00002.npy is missing"));
        assertTrue(attack(2, "masked", "--epsilon", 0.3, "--transfer", images, "--attack", "apgd", "--overwrite").contains("drop --attack"));
        assertTrue(attack(2, "masked", "--epsilon", 0.3, "--transfer", images, "--steps", 3, "--overwrite").contains("drop --attack"));
        assertTrue(attack(2, "masked", "--epsilon", 0.3, "--transfer", images, "--save-adversarial", images, "--overwrite")
                .contains("which is read"));
        Files.write(images, NpyBytes.floats(new float[16], 4, 1, 2, 2));
        assertTrue(attack(3, "masked", "--epsilon", 0.3, "--transfer", images, "--overwrite").contains("not images 1 x 1 x 2"));
    }
}

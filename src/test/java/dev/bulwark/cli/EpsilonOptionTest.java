package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Radii as they are typed, and bounds that are not known, through whole commands. */
class EpsilonOptionTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private Path model;
    private Path out;

    @BeforeEach
    void writeModel() {
        out = folder.resolve("rows.jsonl");
        model = folder.resolve("model.safetensors");
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
    }

    private static Outcome done(Object... words) {
        return Outcome.of(words).done();
    }

    private Outcome verify(Object epsilon, Object... more) {
        Object[] words = {"verify", model, "--dataset", "digits", "--epsilon", epsilon, "--limit", 2, "--out", out,
            "--device", "cpu", "--quiet"};
        Object[] all = Arrays.copyOf(words, words.length + more.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        return Outcome.of(Arrays.asList(more).contains("--method") ? all : WholeCommands.with(all, "--method", "ibp"));
    }

    private JsonNode identity() throws IOException {
        return JSON.readTree(out.resolveSibling(out.getFileName() + ".run.json").toFile()).path("identity");
    }

    @Test
    void givenAFraction_whenVerified_thenRowsHaveANumberAndTheRecordTheFraction() throws IOException {
        assertEquals(0, verify("8/255").code());
        for (String line : Files.readAllLines(out)) {
            assertTrue(line.contains("\"epsilon\":0.03137254901960784,"), line);
        }
        assertEquals(8 / 255.0, identity().path("epsilon").asDouble());
        assertEquals("8/255", identity().path("epsilon_exact").asText());
        assertEquals(0, verify("16/510", "--resume").code(), "the same number");
        Outcome other = verify("0.03137254901960784", "--resume");
        assertEquals(2, other.code(), "that double's decimal is another one");
        assertTrue(other.err().contains("epsilon_exact"), other.err());
        assertEquals(2, verify("0.0313725490196078431372549", "--resume").code());
    }

    @Test
    void givenADecimal_whenVerified_thenTheRecordHasItAsANumberAlone() throws IOException {
        assertEquals(0, verify("0.10").code());
        assertEquals("0.1", identity().path("epsilon").toString());
        assertFalse(identity().has("epsilon_exact"));
        assertEquals("byte / 255, exactly", identity().path("centre").asText());
        assertEquals(0, verify("1/10", "--resume").code());
    }

    @Test
    void givenAFraction_whenAttackedTrainedAndReproduced_thenItIsANumberThereToo() throws IOException {
        done("attack", model, "--dataset", "digits", "--epsilon", "8/255", "--steps", 1, "--restarts", 1, "--limit", 2,
                "--out", out, "--device", "cpu", "--quiet");
        assertEquals("8/255", identity().path("epsilon_exact").asText());
        assertEquals(8 / 255.0 / 10, identity().path("step_size").asDouble());
        Path trained = folder.resolve("models/ibp-epsilon-0.2.safetensors");
        done("train", "ibp", "--epsilon", "51/255", "--hidden", 8, "--limit", 100, "--dataset", "digits", "--device", "cpu",
                "--out", trained, "--quiet");
        Path tradeoff = folder.resolve("tradeoff");
        done("tradeoff", "--epsilon", "8/255", "--kappas", "0.5", "--hidden", 8, "--train-limit", 100, "--limit", 2,
                "--dataset", "digits", "--device", "cpu", "--out", tradeoff, "--quiet");
        assertTrue(Files.readString(tradeoff.resolve("run.json")).contains("\"epsilon_exact\" : \"8/255\""));
        Path run = folder.resolve("run");
        done("reproduce", "--epsilon", "8/255,0.1", "--sigma", "0.25", "--train-limit", 100, "--limit", 2, "--dataset",
                "digits", "--n0", 5, "--n", 10, "--steps", 1, "--restarts", 1, "--device", "cpu", "--out", run, "--quiet");
        String record = Files.readString(run.resolve("run.json"));
        assertTrue(record.contains("\"epsilons_exact\" : [ \"8/255\", \"0.1\" ]"), record);
        assertTrue(Files.exists(run.resolve("ibp/epsilon-0.03137254901960784.jsonl")));
        done("report", run);
    }

    @Test
    void givenNumbersThatNoDoubleTellsApart_whenReproduced_thenRefused() {
        Outcome outcome = Outcome.of("reproduce", "--epsilon", "0.1,0.10000000000000000001", "--dataset", "digits",
                "--device", "cpu", "--out", folder.resolve("run"));
        assertEquals(2, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("no double tells apart"), outcome.err());
    }

    @Test
    void givenARadiusOfAllInputs_whenVerified_thenALineSaysSo() {
        Outcome outcome = verify("25.5");
        assertEquals(0, outcome.code(), outcome.err());
        assertEquals("bulwark: --epsilon 25.5 is more than 1, and inputs lie in [0, 1]: was 25.5/255 meant?",
                outcome.err().strip());
        assertEquals("", verify("1", "--overwrite").err());
    }

    @Test
    void givenWhatIsNoRadius_whenVerified_thenOneLineSaysWhatIs() {
        for (String text : List.of("-1/255", "8/0", "NaN", "0.1.2", "1e-999999999")) {
            Outcome outcome = verify(text);
            assertEquals(2, outcome.code(), outcome.err());
            assertEquals(1, outcome.err().lines().count(), outcome.err());
            assertTrue(outcome.err().contains("epsilon must be") && outcome.err().contains(text), outcome.err());
        }
        assertFalse(Files.exists(out));
    }

    /** Rows whose bounds are not known are rows like others: they are resumed and counted. */
    @Test
    void givenBoundsThatOverflow_whenVerified_thenRowsAreWrittenReadAndResumed() throws IOException {
        float[] first = new float[784 * 2];
        Arrays.fill(first, 3e38f);
        model = folder.resolve("over.safetensors");
        ModelFile.write(model, Mlp.of(List.of(Mlp.dense(784, 2, first, new float[2]),
                Mlp.dense(2, 10, new float[20], new float[] {1, 0, 0, 0, 0, 0, 0, 0, 0, 0}))), Precision.F32, Map.of());
        assertEquals(0, verify("0.1").code());
        assertTrue(Files.readString(out).contains("\"clean_prediction\":-1"), "0 times infinity");
        float[] last = new float[20];
        last[0] = 1;
        model = folder.resolve("over-all.safetensors");
        ModelFile.write(model, Mlp.of(List.of(Mlp.dense(784, 2, first, new float[2]),
                Mlp.dense(2, 10, last, new float[10]))), Precision.F32, Map.of());
        for (String method : List.of("ibp", "crown", "alpha-crown")) {
            assertEquals(0, verify("0.1", "--overwrite", "--method", method).code());
            List<String> rows = WholeCommands.timeless(out);
            assertEquals(2, rows.size());
            assertTrue(rows.get(0).contains("null") && rows.get(0).contains("\"certified\":false"), rows.get(0));
            assertEquals(0, verify("0.1", "--resume", "--method", method).code());
            assertEquals(rows, WholeCommands.timeless(out));
            Files.writeString(out, rows.get(0) + "\n");
            assertEquals(0, verify("0.1", "--resume", "--method", method).code());
            assertEquals(rows, WholeCommands.timeless(out));
        }
    }
}

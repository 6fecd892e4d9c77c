package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.attack.AttackMethod;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Norm;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.data.Split;
import dev.bulwark.model.Graph;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code attack --attack} other than plain PGD. */
class AutoAttackCommandTest {

    private static final int SIZE = 784;
    private static final int HEADER = 128;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private Path rows;
    private Graph network;
    private String right;

    /** An untrained network, and images that it has right. */
    @BeforeEach
    void writeModel() {
        rows = folder.resolve("rows.jsonl");
        network = Initialisation.KAIMING_UNIFORM.network(new int[] {SIZE, 24, 10}, 1);
        ModelFile.write(folder.resolve("model.safetensors"), network, Precision.F32, Map.of());
        Dataset data = Digits.generate(0, Split.TEST);
        List<String> found = new ArrayList<>();
        for (int n = 0; n < data.size() && found.size() < 15; ++n) {
            if (prediction(data.pixels(n)) == data.label(n)) {
                found.add(String.valueOf(n));
            }
        }
        right = String.join(",", found);
    }

    private int prediction(float[] image) {
        BigDecimal[] exact = IntStream.range(0, SIZE).mapToObj(k -> new BigDecimal(image[k])).toArray(BigDecimal[]::new);
        double[] logits = Arrays.stream(ExactGraph.logits(network, exact)).mapToDouble(BigDecimal::doubleValue).toArray();
        return IntStream.range(0, 10).boxed().max((a, b) -> Double.compare(logits[a], logits[b])).orElseThrow();
    }

    private String attack(int code, Object... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Object[] words = Stream.concat(Stream.of("attack", folder.resolve("model.safetensors"), "--dataset", "digits", "--out", rows,
                "--device", "cpu"), Arrays.stream(more)).toArray();
        assertEquals(code, Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new),
                new PrintWriter(out, true), new PrintWriter(err, true)), err.toString());
        return code == 0 ? out + err.toString() : err.toString().strip();
    }

    private List<AttackRow> read() throws IOException {
        return RowFile.read(rows, AttackRow.FORMAT);
    }

    @ParameterizedTest
    @CsvSource({"apgd,inf,0.02", "apgd-t,inf,0.02", "fab-t,inf,0.02", "square,inf,0.02", "apgd,2,0.3", "apgd-t,2,0.3", "fab-t,2,0.3",
        "square,2,0.5", "apgd,1,3", "apgd-t,1,3", "fab-t,1,3", "square,1,5"})
    void givenAnAttack_whenRun_thenItsWitnessesAreKeptAndLieInTheBall(String attack, String norm, double epsilon) throws IOException {
        Path file = folder.resolve("F.npy");
        List<Object> words = new ArrayList<>(List.of("--attack", attack, "--norm", norm, "--epsilon", epsilon, "--indices", right,
                "--save-adversarial", file));
        words.addAll(attack.equals("square") ? List.of("--queries", 200) : List.of("--steps", 30));
        attack(0, words.toArray());
        Dataset data = Digits.generate(0, Split.TEST);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        AttackMethod method = AttackMethod.valueOf(attack.toUpperCase().replace('-', '_'));
        int broken = 0;
        for (int k = 0; k < read().size(); ++k) {
            AttackRow row = read().get(k);
            float[] kept = new float[SIZE];
            bytes.position(HEADER + k * SIZE * Float.BYTES).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(kept);
            if (!row.broken()) {
                assertEquals(Optional.empty(), row.attack());
                continue;
            }
            ++broken;
            assertEquals(Optional.of(method), row.attack());
            assertEquals(row.adversarialPrediction(), prediction(kept));
            double away = distance(norm, data.pixels(row.index()), kept);
            assertTrue(away <= epsilon * (1 + 1e-12), away + " exceeds " + epsilon);
            assertEquals(away, row.distance().orElseThrow(), 1e-12 * away);
            assertEquals(norm.equals("1"), row.norm().equals(Optional.of(Norm.ONE)));
        }
        assertTrue(broken > 0, "nothing broke");
    }

    private static double distance(String norm, float[] clean, float[] kept) {
        double sum = 0;
        for (int i = 0; i < SIZE; ++i) {
            assertTrue(kept[i] >= 0 && kept[i] <= 1);
            double apart = Math.abs(kept[i] - Math.round(clean[i] * 255) / 255.0);
            sum = norm.equals("inf") ? Math.max(sum, apart) : sum + (norm.equals("2") ? apart * apart : apart);
        }
        return norm.equals("2") ? Math.sqrt(sum) : sum;
    }

    @Test
    void givenAutoAttack_whenRun_thenRecordAndSummaryHaveItsPartsAndAResumedRunHasTheSameRows() throws IOException {
        String summary = attack(0, "--attack", "autoattack", "--epsilon", 0.004, "--indices", right);
        assertTrue(summary.contains("AutoAttack (standard), on 15 images: 15 right as they are; of these "), summary);
        assertTrue(summary.matches("(?s).*\\d+ broken by apgd-ce, \\d+ by apgd-t, \\d+ by fab-t, \\d+ by square, \\d+ not broken.*"),
                summary);
        JsonNode record = JSON.readTree(folder.resolve("rows.jsonl.run.json").toFile());
        assertEquals("autoattack", record.at("/identity/attack").asText());
        assertEquals("[\"apgd-ce: 100 iterations, 1 restart\",\"apgd-t: 100 iterations, 1 restart, 9 targets\","
                + "\"fab-t: 100 iterations, 1 restart, 9 targets\",\"square: 5000 queries, 1 restart\"]",
                record.at("/identity/searches").toString());
        int standing = 15;
        for (String part : List.of("apgd-ce", "apgd-t", "fab-t", "square")) {
            JsonNode figures = record.at("/attacks/" + part);
            assertEquals(standing, figures.path("images").asInt(), part);
            standing -= figures.path("broken").asInt();
            assertTrue(standing == 0 || figures.path("forward_passes").asLong() > standing, part);
            assertTrue(figures.path("seconds").isNumber());
        }
        for (String part : List.of("apgd-ce-again", "apgd-t-again", "fab-t-again", "square-again")) {
            standing -= record.at("/attacks/" + part).path("broken").asInt();
        }
        List<AttackRow> found = read();
        assertEquals(standing, found.stream().filter(AttackRow::survived).count());
        assertTrue(standing > 0 && standing < 15, standing + " of 15 stand: the case must have both kinds");
        List<String> lines = Files.readAllLines(rows);
        Files.write(rows, lines.subList(0, 6));
        attack(0, "--attack", "autoattack", "--epsilon", 0.004, "--indices", right, "--resume");
        assertEquals(lines, Files.readAllLines(rows));
        assertTrue(attack(2, "--attack", "square", "--epsilon", 0.004, "--indices", right, "--resume").contains("can't resume"));
    }

    @Test
    void givenPgdWithTargets_whenRun_thenItLeadsToOneClassAfterAnother() throws IOException {
        String summary = attack(0, "--targets", 3, "--steps", 20, "--restarts", 2, "--epsilon", 0.02, "--indices", right);
        assertTrue(summary.matches("(?s).* \\d+ broken by pgd-ce, \\d+ by pgd-t, .*"), summary);
        assertTrue(read().stream().anyMatch(AttackRow::broken));
        assertTrue(read().stream().allMatch(row -> row.attack().isEmpty()));
        JsonNode record = JSON.readTree(folder.resolve("rows.jsonl.run.json").toFile());
        assertEquals("pgd-t: 20 steps of 0.002, 2 restarts, 3 targets", record.at("/identity/searches/1").asText());
    }

    /** A constant network has no gradients. */
    @Test
    void givenMaskedGradients_whenAttacked_thenAWarningSaysSo() throws IOException {
        ModelFile.write(folder.resolve("model.safetensors"), Mlp.of(List.of(Mlp.dense(4, 3, new float[12], new float[] {1, 0, 0}))),
                Precision.F32, Map.of());
        Path images = Files.write(folder.resolve("x.npy"), NpyBytes.floats(new float[8], 2, 1, 2, 2));
        Path labels = Files.write(folder.resolve("y.npy"), NpyBytes.labels(0, 0));
        StringWriter err = new StringWriter();
        assertEquals(0, Main.run(Stream.of("attack", folder.resolve("model.safetensors"), "--data", images, "--labels", labels, "--epsilon",
                0.1, "--attack", "apgd", "--loss", "dlr", "--out", rows, "--device", "cpu").map(Object::toString).toArray(String[]::new),
                new PrintWriter(new StringWriter(), true), new PrintWriter(err, true)), err.toString());
        assertTrue(err.toString().contains("warning: apgd-dlr had no gradient at all at a starting point of 2 of 2 images"),
                err.toString());
    }

    @Test
    void givenOptionsThatDoNotFit_whenRun_thenRefused() {
        assertTrue(attack(2, "--attack", "autoattack", "--steps", 3, "--epsilon", 0.1).contains("--steps is no option of --attack autoattack"));
        assertTrue(attack(2, "--attack", "square", "--loss", "dlr", "--epsilon", 0.1).contains("--loss is no option of --attack square"));
        assertTrue(attack(2, "--queries", 3, "--epsilon", 0.1).contains("--queries is no option of --attack pgd"));
        assertTrue(attack(2, "--attack", "apgd", "--loss", "margin", "--epsilon", 0.1).contains("--loss margin is for --attack pgd"));
        assertTrue(attack(2, "--targets", 3, "--loss", "cross-entropy", "--epsilon", 0.1).contains("--targets needs the margin"));
        assertTrue(attack(2, "--attack", "apgd-t", "--targets", 0, "--epsilon", 0.1).contains("targets"));
        assertTrue(attack(2, "--attack", "square", "--queries", 0, "--epsilon", 0.1).contains("queries must be positive: 0"));
        assertTrue(attack(2, "--attack", "apg", "--epsilon", 0.1).contains("--attack"));
        assertTrue(attack(2, "--targets", 3, "--norm", 1, "--epsilon", 0.1).contains("l1 norm"));
        assertFalse(Files.exists(rows));
    }
}

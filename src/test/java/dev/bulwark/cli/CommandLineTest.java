package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Split;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.plan.Parameters;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.RowFile;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole commands on generated images and an untrained network: files, fields, exit codes, and surviving a kill. */
class CommandLineTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> COMPUTING =
            Set.of("certify", "predict", "verify", "attack", "train", "reproduce", "tradeoff", "bench");

    @TempDir
    private Path folder;
    private Path model;

    /** How a command ended. */
    private record Outcome(int code, String out, String err) {
    }

    @BeforeEach
    void writeModel() {
        model = folder.resolve("model.safetensors");
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
    }

    private static Outcome bulwark(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(words(arguments), new PrintWriter(out, true), new PrintWriter(err, true));
        return new Outcome(code, out.toString(), err.toString());
    }

    /** The words of a command line, on the CPU: whatever GPU the machine has, these tests are not about it. */
    private static String[] words(Object... arguments) {
        List<String> words = new ArrayList<>(Arrays.stream(arguments).map(Object::toString).toList());
        boolean computes = !words.isEmpty() && COMPUTING.contains(words.get(0)) && words.size() > 1;
        if (computes && !words.contains("--device") && !words.contains("--help")) {
            words.addAll(List.of("--device", "cpu"));
        }
        return words.toArray(String[]::new);
    }

    private static Outcome done(Object... arguments) {
        Outcome outcome = bulwark(arguments);
        assertEquals(0, outcome.code, outcome.err);
        return outcome;
    }

    private static void fails(int code, String words, Object... arguments) {
        Outcome outcome = bulwark(arguments);
        assertEquals(code, outcome.code, outcome.err);
        assertTrue(outcome.err.startsWith("bulwark: ") && outcome.err.contains(words), outcome.err);
        assertEquals(1, outcome.err.lines().count(), outcome.err);
    }

    private static List<String> fields(String line) throws IOException {
        List<String> names = new ArrayList<>();
        Iterator<String> iterator = JSON.readTree(line).fieldNames();
        iterator.forEachRemaining(names::add);
        return names;
    }

    /** The rows without what a clock decides. */
    private static List<String> timeless(Path rows) throws IOException {
        return Files.readAllLines(rows).stream().map(line -> line.replaceAll("\t[^\t]*$", "")).toList();
    }

    // ---- what the commands write -----------------------------------------------------------------------------------

    @Test
    void givenAModel_whenCertified_thenRowsAndCertificatesHaveTheAgreedColumns() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Path votes = folder.resolve("votes.jsonl");
        done("certify", model, "--dataset", "digits", "--sigma", 0.5, "--n0", 20, "--n", 100, "--alpha", 0.01,
                "--limit", 3, "--skip", 2, "--seed", 7, "--out", rows, "--certificates", votes, "--quiet");
        List<String> lines = Files.readAllLines(rows);
        assertEquals("idx\tlabel\tpredict\tradius\tcorrect\ttime", lines.get(0));
        assertEquals(List.of("0", "2", "4"), lines.stream().skip(1).map(line -> line.split("\t")[0]).toList());
        List<String> certificates = Files.readAllLines(votes);
        assertEquals(3, certificates.size());
        assertEquals(List.of("index", "label", "predict", "radius", "p_a_lower", "count", "counts", "n0", "n", "alpha",
                "sigma", "seed"), fields(certificates.get(0)));
        JsonNode first = JSON.readTree(certificates.get(0));
        assertEquals(100, first.get("n").asInt());
        assertEquals(7, first.get("seed").asInt());
        assertEquals(10, first.get("counts").size());
    }

    @Test
    void givenAModel_whenVerifiedAndAttacked_thenLinesHaveTheAgreedFields() throws IOException {
        Path bounds = folder.resolve("bounds.jsonl");
        Path attacks = folder.resolve("attacks.jsonl");
        done("verify", model, "--dataset", "digits", "--epsilon", 0.01, "--method", "ibp", "--indices", "5,3", "--out",
                bounds);
        done("attack", model, "--dataset", "digits", "--epsilon", 0.01, "--steps", 3, "--restarts", 2, "--indices", "5,3",
                "--out", attacks);
        List<String> lines = Files.readAllLines(bounds);
        assertEquals(List.of("index", "label", "epsilon", "method", "clean_prediction", "lower", "upper", "margin_lower",
                "certified", "certified_by_box"), fields(lines.get(0)));
        assertEquals(5, JSON.readTree(lines.get(0)).get("index").asInt());
        assertEquals("ibp", JSON.readTree(lines.get(0)).get("method").asText());
        assertEquals(List.of("index", "label", "clean_prediction", "broken", "adversarial_prediction", "linf", "loss"),
                fields(Files.readAllLines(attacks).get(0)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"crown", "alpha-crown --steps 2", "alpha-crown"})
    void givenAMethodThatGoesBack_whenVerified_thenLinesSaySoAndNoMarginIsLooserThanByIbp(String words) throws IOException {
        Path propagated = folder.resolve("ibp.jsonl");
        Path bounds = folder.resolve("bounds.jsonl");
        done("verify", model, "--dataset", "digits", "--epsilon", 0.01, "--indices", "5,3", "--out", propagated);
        done(Stream.concat(Stream.of("verify", model, "--dataset", "digits", "--epsilon", 0.01, "--indices", "5,3", "--out",
                bounds, "--method"), Arrays.stream(words.split(" "))).toArray());
        List<String> lines = Files.readAllLines(bounds);
        assertEquals(2, lines.size());
        for (int k = 0; k < 2; ++k) {
            JsonNode line = JSON.readTree(lines.get(k));
            assertEquals(words.split(" ")[0], line.get("method").asText());
            JsonNode weaker = JSON.readTree(Files.readAllLines(propagated).get(k)).get("margin_lower");
            for (int c = 0; c < 10; ++c) {
                assertTrue(line.get("margin_lower").get(c).asDouble() >= weaker.get(c).asDouble());
            }
        }
    }

    @Test
    void givenALoss_whenAttacked_thenTheSummaryAndTheRecordSayWhichAndAnotherIsRefused() throws IOException {
        Path rows = folder.resolve("attacks.jsonl");
        Object[] attack = {"attack", model, "--dataset", "digits", "--epsilon", 0.05, "--steps", 3, "--restarts", 1,
            "--limit", 40, "--out", rows, "--loss"};
        Outcome margin = done(with(attack, "margin"));
        assertTrue(margin.out.contains(" broken by margin, ") && !margin.out.contains("cross-entropy"), margin.out);
        assertAddsUp(rows, margin.out, "");
        assertEquals("margin", JSON.readTree(folder.resolve("attacks.jsonl.run.json").toFile()).at("/identity/loss")
                .asText());
        fails(2, "has loss \"margin\", now it is \"both\"", with(attack, "both", "--resume"));
        Outcome both = done(with(attack, "BOTH", "--overwrite"));
        assertAddsUp(rows, both.out, "\\d+ by margin, ");
        assertTrue(Files.readString(rows).contains("\"loss\":\"cross-entropy\""));
        fails(2, "cross-entropy, margin, both", with(attack, "hinge"));
    }

    /**
     * Counts of the summary add up: those that were right are those that one loss or the other broke and those that stand.
     */
    private static void assertAddsUp(Path rows, String summary, String second) throws IOException {
        assertTrue(summary.strip().matches("PGD-\\d+, .*, on 40 images: \\d+ right as they are; of these \\d+ broken by "
                + "[a-z-]+, " + second + "\\d+ not broken"), summary);
        List<Long> numbers = Pattern.compile("\\d+").matcher(summary.substring(summary.indexOf("images:"))).results()
                .map(found -> Long.valueOf(found.group())).toList();
        assertEquals(numbers.get(0), numbers.stream().skip(1).mapToLong(Long::longValue).sum(), summary);
        List<AttackRow> written = RowFile.read(rows, AttackRow.FORMAT);
        assertEquals(numbers.get(0), written.stream().filter(AttackRow::cleanCorrect).count());
        assertTrue(written.stream().filter(AttackRow::broken).count() > numbers.get(0), "images that are wrong as they are");
    }

    /** Exact logits 5 and 1 behind two hidden layers of width 2; from overflow on, float knows nothing of them. */
    private Path overflowing() {
        float[] first = new float[2 * 784];
        Arrays.fill(first, 3e38f);
        Path file = folder.resolve("overflowing.safetensors");
        ModelFile.write(file, Mlp.of(List.of(Mlp.dense(784, 2, first, new float[2]),
                Mlp.dense(2, 2, new float[] {3e38f, -3e38f, 0, 0}, new float[2]),
                Mlp.dense(2, 10, new float[20], new float[] {5, 1, 0, 0, 0, 0, 0, 0, 0, 0}))), Precision.F32, Map.of());
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "fp32"})
    void givenANetworkThatOverflows_whenCertifiedAndPredicted_thenItAbstainsWithoutVotes(
            String precision) throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Path votes = folder.resolve("votes.jsonl");
        done("certify", overflowing(), "--dataset", "digits", "--sigma", 0.1, "--n", 200, "--limit", 3, "--precision",
                precision, "--out", rows, "--certificates", votes);
        for (String line : timeless(rows).subList(1, 4)) {
            assertTrue(line.endsWith("\t-1\t0.0\t0"), line);
        }
        for (String line : Files.readAllLines(votes)) {
            assertEquals(0, JSON.readTree(line).get("count").asInt());
            assertEquals(-1, JSON.readTree(line).get("predict").asInt());
        }
        Path predictions = folder.resolve("predictions.tsv");
        done("predict", overflowing(), "--dataset", "digits", "--sigma", 0.1, "--n", 200, "--limit", 3, "--precision",
                precision, "--out", predictions);
        for (String line : timeless(predictions).subList(1, 4)) {
            assertEquals("-1", line.split("\t")[2], line);
        }
    }

    /** Two convolutions, the first of small windows over a large image. */
    private Path convolutional() {
        SplittableRandom random = new SplittableRandom(4);
        Op.Conv2d first = new Op.Conv2d(Tensor.of(Shape.of(3, 1, 3, 3), Mlp.values(random, 27, -0.5, 0.5)), Tensor.zeros(3),
                Windows.square(3, 2, 1), 1);
        Op.Conv2d second = new Op.Conv2d(Tensor.of(Shape.of(2, 3, 3, 3), Mlp.values(random, 54, -0.3, 0.3)), Tensor.zeros(2),
                Windows.square(3, 3), 1);
        Path file = folder.resolve("convolutional.safetensors");
        ModelFile.write(file, Graph.sequence(Shape.of(1, 28, 28), List.of(first, new Op.Relu(), second, new Op.Relu(),
                new Op.Flatten(), Mlp.dense(32, 10, Mlp.values(random, 320, -0.3, 0.3), new float[10]))), Precision.F32,
                Map.of());
        return file;
    }

    @Test
    void givenConvolutions_whenCertifiedAndAttacked_thenTheRecordSaysThatTheyAreComputedStepByStep() throws IOException {
        Path certified = folder.resolve("certified.tsv");
        Path attacked = folder.resolve("attacked.jsonl");
        Object[] certify = {"certify", convolutional(), "--dataset", "digits", "--sigma", 0.1, "--n", 200, "--limit", 3,
                "--out",
            certified};
        Object[] attack = {"attack", convolutional(), "--dataset", "digits", "--epsilon", 0.1, "--steps", 3, "--restarts", 1,
            "--limit", 20, "--out", attacked};
        done(certify);
        done(attack);
        assertEquals(4, timeless(certified).size());
        assertEquals(20, RowFile.read(attacked, AttackRow.FORMAT).size());
        Map.of("certified.tsv", "precision", "attacked.jsonl", "gradients")
                .forEach((rows, key) -> assertEquals("fp32, step by step",
                assertDoesNotThrow(() -> JSON.readTree(folder.resolve(rows + ".run.json").toFile())).findValue(key)
                .asText()));
        done(with(certify, "--resume"));
        for (Object[] each : List.of(certify, attack)) {
            fails(2, "--precision bf16 is for networks that devices have kernels of their own for", with(each, "--overwrite",
                    "--precision", "bf16"));
        }
    }

    @Test
    void givenAConvolutionWithoutItsStride_whenRead_thenOneLineAndThree() throws IOException {
        Path file = convolutional();
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1).replace("stride=3 padding=0", "padding=0         ");
        Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
        fails(3, "metadata layers.1.convolution is \"padding=0         \", not like \"stride=1 padding=0", "attack", file,
                "--dataset", "digits", "--epsilon", 0.1, "--out", folder.resolve("rows.jsonl"));
    }

    @Test
    void givenANetworkThatOverflows_whenAttacked_thenRowsSayThatItHasNoAnswerAndTheRunGoesOn() throws IOException {
        Path rows = folder.resolve("attacks.jsonl");
        Outcome attack = done("attack", overflowing(), "--dataset", "digits", "--epsilon", 0.1, "--steps", 3, "--limit", 3,
                "--out", rows);
        assertEquals(3, Files.readAllLines(rows).size());
        for (String line : Files.readAllLines(rows)) {
            JsonNode row = JSON.readTree(line);
            assertEquals(-1, row.get("clean_prediction").asInt());
            assertEquals(-1, row.get("adversarial_prediction").asInt());
            assertFalse(row.get("broken").asBoolean());
        }
        assertTrue(attack.out.contains("0 right as they are") && attack.out.contains("3 without a prediction"), attack.out);
    }

    @Test
    void givenACount_whenRadius_thenJsonHasTheClosedForm() throws IOException {
        JsonNode all = JSON.readTree(done("radius", "--sigma", 0.5, "--count", 10_000, "--n", 10_000, "--alpha", 0.001).out);
        assertEquals(List.of("p_a_lower", "radius", "abstain"), fields(all.toString()));
        assertEquals(Math.pow(0.001, 1e-4), all.get("p_a_lower").asDouble(), 1e-12);
        assertFalse(all.get("abstain").asBoolean());
        JsonNode half = JSON.readTree(done("radius", "--sigma", 0.5, "--count", 5155, "--n", 10_000, "--alpha", 0.001).out);
        assertTrue(half.get("abstain").asBoolean());
        assertEquals(0, half.get("radius").asDouble());
    }

    @Test
    void givenTinySettings_whenReproduced_thenTablesReportAndProvenanceAreThere() throws IOException {
        Path run = folder.resolve("run");
        Outcome outcome = done("reproduce", "--dataset", "digits", "--train-limit", 400, "--sigma", "0.25", "--epsilon",
                "0.05", "--n0", 10, "--n", 50, "--steps", 2, "--restarts", 1, "--limit", 20, "--out", run, "--quiet");
        assertTrue(outcome.out.contains("not MNIST"), outcome.out);
        for (String file : List.of("run.json", "table1.csv", "table1.md", "table1.tex", "table1.json", "table2.csv",
                "table2.md", "table2.tex", "table2.json", "report.html", "figures", "gallery.json",
                "smoothing/sigma-0.25.tsv", "ibp/epsilon-0.05.jsonl", "pgd/epsilon-0.05.jsonl")) {
            assertTrue(Files.exists(run.resolve(file)), file);
        }
        JsonNode table1 = JSON.readTree(run.resolve("table1.json").toFile());
        assertEquals("digits", table1.get("dataset").asText());
        assertEquals(20, table1.get("images").asInt());
        JsonNode row = table1.get("rows").get(0);
        assertTrue(row.has("sigma") && row.has("clean_accuracy") && row.get("certified").has("0.25")
                && row.get("certified").has("0.50") && row.get("certified").has("1.00") && row.has("abstain_rate")
                && row.has("reported") && row.has("published"), row.toString());
        JsonNode table2 = JSON.readTree(run.resolve("table2.json").toFile()).get("rows").get(0);
        assertTrue(table2.has("epsilon") && table2.has("clean_accuracy") && table2.has("ibp_certified")
                && table2.has("ibp_certified_by_box") && table2.has("pgd_accuracy"), table2.toString());
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        assertTrue(record.has("command") && record.has("seed") && record.has("device") && record.has("versions")
                && record.has("models") && record.has("timings") && record.has("finished"), record.toString());

        assertEquals("both", record.at("/identity/pgd_loss").asText());
        String before = Files.readString(run.resolve("table2.md"));
        assertTrue(before.contains("PGD: 2 steps of epsilon/10 from each of 1 random starting points up the cross-entropy"));
        assertTrue(before.contains("\n- IBP and PGD on 20 of") && before.contains("\n- PGD attacks the images")
                && !before.contains("andomized smoothing on") && !before.contains("at most 100 at each epsilon"), before);
        String smoothing = Files.readString(run.resolve("table1.md"));
        assertTrue(smoothing.contains("\n- Randomized smoothing on 20 of") && !smoothing.contains("\n- PGD")
                && !smoothing.contains("\n- IBP"), smoothing);
        Files.delete(run.resolve("table2.md"));
        done("report", run);
        assertEquals(before, Files.readString(run.resolve("table2.md")));
    }

    @Test
    void givenMoreSamplesForSomeImages_whenReproduced_thenARowOfItsOwn() throws IOException {
        Path run = folder.resolve("run");
        Path models = Files.createDirectory(folder.resolve("models"));
        for (String name : List.of("smoothing-sigma-0.25", "smoothing-sigma-4.00", "ibp-epsilon-0.05")) {
            Files.copy(model, models.resolve(name + ".safetensors"));
        }
        Object[] common = {"reproduce", "--dataset", "digits", "--models", models, "--epsilon", "0.05", "--n0", 5, "--steps",
                1,
            "--restarts", 1, "--limit", 10, "--out", run, "--quiet", "--sigma"};
        done(with(common, "0.25,4", "--n", 50, "--deep-n", 400, "--deep-images", 4));
        assertEquals(List.of("0", "2", "5", "7"), Files.readAllLines(run.resolve("smoothing/sigma-0.25-n-400.tsv")).stream()
                .skip(1).map(line -> line.split("\t")[0]).toList());
        assertFalse(Files.exists(run.resolve("smoothing/sigma-4.00-n-400.tsv")), "50 samples reach r = 1 there");
        JsonNode table = JSON.readTree(run.resolve("table1.json").toFile());
        assertEquals(List.of("0.25 50 10", "0.25 400 4", "4.0 50 10"), table.get("rows").findValues("n").size() == 3
                ? Stream.of(0, 1, 2).map(k -> table.get("rows").get(k)).map(row -> row.get("sigma").asText() + " "
                        + row.get("n").asText() + " " + row.get("images").asText()).toList() : List.of());
        assertTrue(table.get("scope").toString().contains("Certificates with n = 400 at sigma 0.25 on 4 of smoothing's "
                + "images"));
        fails(2, "has deep \"n = 400 on 4 images\", now it is \"n = 500 on 20 images\"",
                with(common, "0.25,4", "--n", 50, "--deep-n", 500, "--resume"));
        fails(2, "400 is no more than --n 500", with(common, "0.25,4", "--n", 500, "--deep-n", 400, "--overwrite"));
        fails(2, "50 reach it at [4.0]", with(common, "4", "--n", 50, "--deep-n", 400, "--overwrite"));
        fails(2, "--deep-images must be at least 1", with(common, "4", "--deep-n", 20_000, "--deep-images", 0,
                "--overwrite"));
        fails(2, "add that, or drop it", with(common, "4", "--deep-images", 3, "--overwrite"));
    }

    @Test
    void givenSeveralWeights_whenTradedOff_thenAPointEachAndAResumedRunTrainsOnlyWhatIsNew() throws IOException {
        Path run = folder.resolve("tradeoff");
        Object[] common = {"tradeoff", "--dataset", "digits", "--epsilon", 0.05, "--hidden", 16, "--train-limit", 300,
                "--limit",
            60, "--out", run, "--kappas"};
        Outcome first = done(with(common, "0,0.5"));
        assertTrue(first.out.contains("not MNIST") && first.out.contains("claims 98.7% clean with 96.2% certified"),
                first.out);
        for (String file : List.of("run.json", "models/kappa-0.00.safetensors", "models/kappa-0.50.safetensors",
                "tradeoff.csv", "tradeoff.md", "tradeoff.tex", "tradeoff.json", "figures/tradeoff.svg",
                "figures/tradeoff.png")) {
            assertTrue(Files.exists(run.resolve(file)), file);
        }
        JsonNode table = JSON.readTree(run.resolve("tradeoff.json").toFile());
        assertEquals(0.05, table.get("epsilon").asDouble());
        assertEquals(98.7, table.at("/claimed/clean_accuracy").asDouble());
        assertEquals(List.of("0.0", "0.5"), table.get("rows").findValuesAsText("kappa"));
        assertEquals(60, table.at("/rows/1/image_counts/ibp_certified").asInt());
        byte[] network = Files.readAllBytes(run.resolve("models/kappa-0.50.safetensors"));
        String provenance = ModelFile.read(run.resolve("models/kappa-0.50.safetensors")).metadata().get("recipe");
        assertTrue(provenance.contains("end=0.5"), provenance);

        fails(2, "already holds a run", with(common, "0,0.5"));
        fails(2, "has hidden [16]", Arrays.stream(with(common, "0", "--resume")).map(word -> word.equals(16) ? 17 : word)
                .toArray());
        Outcome second = done(with(common, "0.5,1", "--resume"));
        assertTrue(second.err.contains("train kappa-1.00") && !second.err.contains("train kappa-0.50"), second.err);
        assertArrayEquals(network, Files.readAllBytes(run.resolve("models/kappa-0.50.safetensors")));
        assertEquals(List.of("0.00", "0.50", "1.00"), Files.readAllLines(run.resolve("figures/tradeoff.csv")).stream()
                .skip(2).map(line -> line.split(",")[0]).toList());
        String before = Files.readString(run.resolve("tradeoff.md"));
        Files.delete(run.resolve("tradeoff.md"));
        done("report", run);
        assertEquals(before, Files.readString(run.resolve("tradeoff.md")));
        fails(2, "has no tables to compare", "report", run, run);
        done(with(common, "0.25", "--overwrite"));
        assertEquals(1, JSON.readTree(run.resolve("tradeoff.json").toFile()).get("rows").size());
    }

    @Test
    void givenAFinalWeight_whenTrained_thenTheNetworkSaysSo() throws IOException {
        Path network = folder.resolve("n.safetensors");
        done("train", "ibp", "--epsilon", 0.05, "--final-kappa", 0.25, "--hidden", 16, "--limit", 200, "--dataset", "digits",
                "--out", network, "--quiet");
        Map<String, String> provenance = ModelFile.read(network).metadata();
        assertEquals("quick, final kappa 0.25", provenance.get("preset"));
        assertTrue(provenance.get("recipe").contains("end=0.25"), provenance.get("recipe"));
    }

    @Test
    void givenWindows_whenTrained_thenTheFirstLayerSeesThemAndOtherWidthsAreRefused() throws IOException {
        Path network = folder.resolve("n.safetensors");
        Object[] common = {"train", "ibp", "--epsilon", 0.05, "--limit", 200, "--dataset", "digits", "--out", network,
                "--quiet"};
        done(with(common, "--hidden", "8,6", "--windows", "2,14,14"));
        assertEquals("784-8-6-10, the first layer 2 channels of 14 x 14 windows, 14 apart",
                ModelFile.read(network).metadata().get("layers"));
        Op.Conv2d first = (Op.Conv2d) ModelFile.read(network).graph().nodes().get(0).op();
        assertEquals(Shape.of(2, 1, 14, 14), first.weight().shape());
        assertEquals(Windows.square(14, 14), first.windows());
        fails(2, "a first layer of 9 units is not 2 channels of 14 x 14 windows, 14 apart, which makes 8",
                with(common, "--hidden", "9,6", "--windows", "2,14,14", "--overwrite"));
        fails(2, "--windows takes three numbers", with(common, "--windows", "2,14", "--overwrite"));
        fails(2, "kernel must be at least 1.0, not 0.0", with(common, "--windows", "2,0,1", "--overwrite"));
        fails(2, "an image of 28 x 28 has no room", with(common, "--windows", "2,29,1", "--overwrite"));
    }

    @Test
    void givenARunThatIsOverwritten_whenItsDataDiffer_thenItsNetworksAreTrainedAnew() throws IOException {
        Path run = folder.resolve("run");
        Path network = run.resolve("models/smoothing-sigma-0.25.safetensors");
        Object[] common = {"reproduce", "--dataset", "digits", "--sigma", "0.25", "--epsilon", "0.05", "--n0", 5, "--n", 20,
            "--steps", 1, "--restarts", 1, "--limit", 3, "--out", run, "--quiet"};
        done(with(common, "--train-limit", 200));
        String before = ModelFile.read(network).metadata().get("training_data");
        done(with(common, "--train-limit", 300, "--overwrite"));
        assertEquals("digits, 200 images", before);
        assertEquals("digits, 300 images", ModelFile.read(network).metadata().get("training_data"));

        Path record = run.resolve("run.json");
        String recipes = JSON.readTree(record.toFile()).findValue("recipes").asText();
        Files.writeString(record, Files.readString(record).replace(recipes, "[of another version]"));
        fails(2, "has recipes \"[of another version]\"", with(common, "--train-limit", 300, "--resume"));
    }

    @Test
    void givenOpenImagesAlone_whenReproduced_thenRowsAndFiguresAreThoseOfAttackingAll() throws IOException {
        Path networks = Files.createDirectory(folder.resolve("networks"));
        done("train", "ibp", "--epsilon", 0.05, "--hidden", "32", "--limit", 3000, "--dataset", "digits", "--quiet", "--out",
                networks.resolve("ibp-epsilon-0.05.safetensors"));
        Files.copy(model, networks.resolve("smoothing-sigma-0.25.safetensors"));
        Object[] common = {"reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon", "0.05",
                "--n0", 5,
            "--n", 20, "--steps", 7, "--restarts", 3, "--limit", 400, "--quiet", "--out"};
        Path open = folder.resolve("open");
        Path all = folder.resolve("all");
        String printed = done(with(common, open)).out;
        done(with(common, all, "--attack-all"));
        Path pgd = Path.of("pgd/epsilon-0.05.jsonl");
        List<String> chosen = Files.readAllLines(open.resolve(pgd));
        List<String> every = Files.readAllLines(all.resolve(pgd));
        assertEquals(Files.readString(all.resolve("ibp/epsilon-0.05.jsonl")),
                Files.readString(open.resolve("ibp/epsilon-0.05.jsonl")));
        assertEquals(400, every.size());
        assertTrue(every.containsAll(chosen), "an image's row is the same whichever others are attacked");
        JsonNode ours = JSON.readTree(open.resolve("table2.json").toFile()).at("/rows/0");
        JsonNode theirs = JSON.readTree(all.resolve("table2.json").toFile()).at("/rows/0");
        for (String figure : List.of("images", "clean_accuracy", "ibp_certified", "ibp_certified_by_box", "pgd_accuracy",
                "pgd_gap", "pgd_accuracy_by_loss", "image_counts", "differences_of_claims")) {
            assertEquals(theirs.get(figure), ours.get(figure), figure);
        }
        assertEquals(100, ours.get("pgd_cross_checked").asInt(), ours.toString());
        assertEquals(chosen.size(), ours.get("pgd_attacked").asInt());
        assertTrue(chosen.size() > 110 && chosen.size() < 300, chosen.size()
                + " rows: some are open, and some were left out");
        assertTrue(ours.get("pgd_accuracy").asDouble() < ours.get("clean_accuracy").asDouble(), ours.toString());
        assertTrue(printed.contains("PGD-7, 3 restarts") && !printed.contains("PGD-50"), printed);
        assertTrue(printed.contains("PGD attacks the images that are right and not certified"), printed);

        fails(2, "has pgd_images \"right and not certified, and 100 certified\", now it is \"all\"",
                with(common, open, "--attack-all", "--resume"));
        Files.write(open.resolve(pgd), chosen.subList(0, chosen.size() / 2));
        assertTrue(done("report", open).out.contains("so there is no figure for PGD: resume its run"));
        done(with(common, open, "--resume"));
        assertEquals(chosen, Files.readAllLines(open.resolve(pgd)));
    }

    /**
     * Certified in real numbers, broken in floats: logits 2^24 + 1/2 for digit 0 and 2^24 + 1.02 - 0.4 pixel for the label.
     */
    @Test
    void givenADifferenceOfClaims_whenReproduced_thenTheRunEndsAndSaysSo() throws IOException {
        Dataset digits = Digits.generate(0, Split.TEST, 50);
        int image = IntStream.range(0, 50).filter(i -> digits.label(i) > 0 && digits.pixels(i)[0] == 0).findFirst()
                .orElseThrow();
        float[] first = new float[2 * 784];
        first[784] = -0.4f;
        float[] last = new float[10 * 2];
        last[0] = 0.5f;
        last[2 * digits.label(image) + 1] = 1;
        float[] omega = new float[10];
        omega[0] = 0x1p24f;
        omega[digits.label(image)] = 0x1p24f;
        Path networks = Files.createDirectory(folder.resolve("networks"));
        ModelFile.write(networks.resolve("ibp-epsilon-0.10.safetensors"), Mlp.of(List.of(
                Mlp.dense(784, 2, first, new float[] {1, 1.02f}), Mlp.dense(2, 10, last, omega))), Precision.F32, Map.of());
        Files.copy(model, networks.resolve("smoothing-sigma-0.25.safetensors"));
        Path run = folder.resolve("run");
        String printed = done("reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon",
                "0.1", "--n0", 5, "--n", 20, "--steps", 5, "--restarts", 2, "--indices", image, "--quiet", "--out", run).out;
        assertTrue(printed.contains("At epsilon 0.10 1 image is certified and yet broken"), printed);
        JsonNode row = JSON.readTree(run.resolve("table2.json").toFile()).at("/rows/0");
        assertEquals(List.of("100.0", "0.0", "1"), Stream.of("ibp_certified", "pgd_accuracy", "differences_of_claims")
                .map(field -> row.get(field).asText()).toList());

        Path attacks = run.resolve("pgd/epsilon-0.10.jsonl");
        String said = Files.readString(attacks);
        assertTrue(said.contains(",\"real_network\":\"stands\"}"), said);
        Files.writeString(attacks, said.replace("stands", "breaks"));
        fails(1, attacks + ": certified at epsilon 0.1 and yet misclassified: image " + image + " ", "report", run);
        Files.writeString(attacks, said.replace(",\"real_network\":\"stands\"", ""));
        fails(1, "nothing says that the real-number network stands there", "report", run);
    }

    @Test
    void givenAFalseCertificate_whenReproduced_thenTheAttackDisprovesItAndTheRunFails() throws IOException {
        Path networks = Files.createDirectory(folder.resolve("networks"));
        for (String name : List.of("ibp-epsilon-0.10", "smoothing-sigma-0.25")) {
            Files.copy(model, networks.resolve(name + ".safetensors"));
        }
        Path run = folder.resolve("run");
        Object[] command = {"reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon", "0.1",
                "--n0", 5,
            "--n", 20, "--steps", 5, "--restarts", 2, "--limit", 40, "--quiet", "--out", run};
        done(command);
        Path bounds = run.resolve("ibp/epsilon-0.10.jsonl");
        Path attacks = run.resolve("pgd/epsilon-0.10.jsonl");
        AttackRow broken = RowFile.read(attacks, AttackRow.FORMAT).stream().filter(row -> row.cleanCorrect() && row.broken())
                .findFirst().orElseThrow();
        List<BoundsRow> rows = RowFile.read(bounds, BoundsRow.FORMAT);
        try (RowFile<BoundsRow> forged = RowFile.replace(bounds, BoundsRow.FORMAT)) {
            for (BoundsRow row : rows) {
                List<Double> margins = IntStream.range(0, 10).mapToObj(c -> c == row.label() ? 0.0 : 1.0).toList();
                forged.append(row.index() != broken.index() ? row : BoundsRow.of(
                        new CleanPrediction(row.index(), row.label(), row.cleanPrediction()), row.epsilon(), row.method(),
                        new BoundsRow.Bounds(row.lower(), row.upper(), margins)));
            }
        }
        Files.delete(attacks);
        fails(1, attacks + ": certified at epsilon 0.1 and yet misclassified: image " + broken.index() + " ",
                with(command, "--resume"));
        assertTrue(Files.readString(attacks).contains("\"real_network\":\"breaks\""), "what was found is kept");
    }

    // ---- interruption ------------------------------------------------------------------------------------------------

    /** Rows of single commands make a report about their own data and network, and about nothing else. */
    @Test
    void givenRowsOfSingleCommands_whenReported_thenTablesOfTheirDataAndNothingOfTheLabReport() throws IOException {
        Path certified = folder.resolve("rows.tsv");
        Path votes = folder.resolve("votes.jsonl");
        Path bounds = folder.resolve("bounds.jsonl");
        Path attacks = folder.resolve("attack.jsonl");
        Object[] images = {"--dataset", "digits", "--limit", 3, "--out"};
        assertTrue(done(with(with(new Object[] {"certify", model, "--sigma", 0.5, "--n0", 10, "--n", 50, "--certificates",
                votes, "--quiet"}, images), certified)).out.startsWith("3 images, "), "one line sums up");
        assertTrue(done(with(with(new Object[] {"verify", model, "--epsilon", 0.02, "--quiet"}, images), bounds)).out
                .matches("\\d of 3 images certified, \\d by box; \\d clean correct\\s*"));
        done(with(with(new Object[] {"attack", model, "--epsilon", 0.02, "--steps", 2, "--restarts", 1}, images), attacks));

        for (Object[] named : List.of(new Object[] {"report", certified, votes, bounds, attacks},
                new Object[] {"report", folder, "--out", folder.resolve("report")})) {
            String said = done(named).out;
            assertTrue(said.contains("on digits") && said.contains("0.50") && said.contains("0.02"), said);
            String page = Files.readString(folder.resolve("report/report.html"));
            for (String text : List.of(said, page.replaceAll("(?s)<style>.*?</style>|<script.*?</script>", ""),
                    Files.readString(folder.resolve("report/table1.md")),
                    Files.readString(folder.resolve("report/table2.md")))) {
                for (String foreign : List.of("lab report", "unknown", "not mnist", "is missing", "reported")) {
                    assertFalse(text.toLowerCase(Locale.ROOT).contains(foreign), foreign + " in " + text);
                }
            }
        }
        assertEquals(3, JSON.readTree(folder.resolve("report/table2.json").toFile()).at("/rows/0/images").asInt());
        fails(3, "report them apart", "report", bounds, bounds);
        Files.delete(folder.resolve("bounds.jsonl.run.json"));
        fails(3, "has no record bounds.jsonl.run.json beside it", "report", bounds);
    }

    @Test
    void givenVerify_whenAskedForHelp_thenNothingOfSmoothingIsOffered() {
        String help = done("verify", "--help").out;
        assertFalse(help.contains("noisy"), help);
        fails(2, "unknown option", "verify", model, "--epsilon", 0.1, "--out", folder.resolve("x"), "--precision", "fp32");
    }

    @Test
    void givenANetworkForSomethingElse_whenUsed_thenItIsSaidFirst() {
        Path trained = folder.resolve("boxes.safetensors");
        done("train", "ibp", "--epsilon", 0.1, "--hidden", 8, "--limit", 20, "--dataset", "digits", "--out", trained);
        String said = done("certify", trained, "--sigma", 0.5, "--n0", 1, "--n", 2, "--limit", 1, "--dataset", "digits",
                "--out", folder.resolve("rows.tsv")).err;
        assertTrue(said.startsWith("warning: this network was trained for bounds at epsilon 0.1, without noise"), said);
    }

    @Test
    void givenARunThatIsInterrupted_whenItEnds_thenItSaysHowToGoOn() throws Exception {
        Path rows = folder.resolve("rows.tsv");
        Object[] command = {"certify", model, "--sigma", 0.5, "--n", 100_000, "--dataset", "digits", "--limit", 300,
            "--out", rows};
        Path log = folder.resolve("log");
        Process process = launch(ProcessBuilder.Redirect.to(log.toFile()), command);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (lineCount(rows) < 3 && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        process.destroy();
        process.waitFor();
        String said = Files.readString(log);
        assertTrue(said.contains("Go on with:\n  scripts/bulwark certify ") && said.contains(" --resume"), said);
    }

    @Test
    void givenTornRows_whenResumed_thenTheyEndAsIfNothingHadHappened() throws IOException {
        Path whole = folder.resolve("whole.tsv");
        Path torn = folder.resolve("torn.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--sigma", 0.25, "--n", 200, "--limit", 6, "--quiet"};
        done(with(common, "--out", whole));
        done(with(common, "--out", torn, "--certificates", folder.resolve("torn.jsonl")));
        List<String> lines = Files.readAllLines(torn);
        Files.writeString(torn, String.join("\n", lines.subList(0, 4)) + "\n4\t7\t");
        done(with(common, "--out", torn, "--certificates", folder.resolve("torn.jsonl"), "--resume"));
        assertEquals(timeless(whole), timeless(torn));
        assertEquals(6, Files.readAllLines(folder.resolve("torn.jsonl")).size());
    }

    @Test
    void givenAKilledProcess_whenResumed_thenNoRowIsLostOrChanged() throws Exception {
        Path killed = folder.resolve("killed.tsv");
        Path whole = folder.resolve("whole.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--sigma", 0.25, "--n", 20_000, "--limit", 40,
                "--quiet"};
        Process process = launch(with(common, "--out", killed));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (lineCount(killed) < 5 && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
        process.destroyForcibly().waitFor();
        long survived = lineCount(killed);
        assertTrue(survived >= 5, "rows before the kill: " + survived);
        assertNotEquals(41, survived, "the process finished before it was killed");
        done(with(common, "--out", killed, "--resume"));
        done(with(common, "--out", whole));
        assertEquals(timeless(whole), timeless(killed));
    }

    private static long lineCount(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        }
    }

    private static Process launch(Object... arguments) throws IOException {
        return launch(ProcessBuilder.Redirect.DISCARD, arguments);
    }

    private static Process launch(ProcessBuilder.Redirect log, Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "-cp", System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(Arrays.asList(words(arguments)));
        return new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(log).start();
    }

    private static Object[] with(Object[] common, Object... more) {
        return Stream.concat(Arrays.stream(common), Arrays.stream(more)).toArray();
    }

    @Test
    void givenAKilledTraining_whenResumed_thenTheNetworkIsTheUninterruptedOne() throws Exception {
        Path killed = folder.resolve("killed.safetensors");
        Path whole = folder.resolve("whole.safetensors");
        Object[] common = {"train", "ibp", "--epsilon", 0.1, "--dataset", "digits", "--limit", 3_000, "--hidden", "300,100",
                "--checkpoint-seconds", 0, "--quiet"};
        Process process = launch(with(common, "--out", killed));
        Path checkpoint = folder.resolve("killed.safetensors.checkpoint");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!Files.exists(checkpoint) && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(2);
        }
        process.destroyForcibly().waitFor();
        assertTrue(Files.exists(checkpoint) && !Files.exists(killed), "killed between the first checkpoint and the end");
        fails(2, "--resume", with(common, "--out", killed));
        done(with(common, "--out", killed, "--resume"));
        done(with(common, "--out", whole));
        assertArrayEquals(Parameters.of(ModelFile.read(whole).graph()),
                Parameters.of(ModelFile.read(killed).graph()));
        fails(2, "already", with(common, "--out", whole));
    }

    @Test
    void givenAFinishedTraining_whenResumed_thenItSaysSoAndAnotherRecipeIsRefused() throws IOException {
        Path network = folder.resolve("n.safetensors");
        Object[] common = {"train", "ibp", "--epsilon", 0.1, "--dataset", "digits", "--hidden", "8", "--out", network,
                "--quiet"};
        String trained = done(with(common, "--limit", 100)).out;
        byte[] before = Files.readAllBytes(network);
        Outcome again = done(with(common, "--limit", 100, "--resume"));
        assertEquals(trained.replace(network.toString(), network + " is finished"), again.out);
        fails(2, "is there already", with(common, "--limit", 101, "--resume"));
        fails(2, "is there already", with(common, "--limit", 100, "--seed", 1, "--resume"));
        fails(2, "is there already", with(common, "--limit", 100));
        assertArrayEquals(before, Files.readAllBytes(network));
    }

    @Test
    void givenRowsOfAnotherRun_whenResumed_thenTheyAreLeftAlone() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--n", 50, "--limit", 2, "--quiet", "--out", rows};
        done(with(common, "--sigma", 0.25));
        String before = Files.readString(rows);
        fails(2, "sigma 0.25, now it is 0.5", with(common, "--sigma", 0.5, "--resume"));
        fails(2, "--resume", with(common, "--sigma", 0.25));
        Files.delete(folder.resolve("rows.tsv.run.json"));
        fails(2, "is missing", with(common, "--sigma", 0.25, "--resume"));
        assertEquals(before, Files.readString(rows));
        done(with(common, "--sigma", 0.5, "--overwrite"));
    }

    /** A link's run and its target's are one: a run that goes on by the other name must fit the same record. */
    @Test
    void givenALinkToRows_whenWrittenThrough_thenTheRecordIsTheirsByEitherName() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Path link = Files.createSymbolicLink(folder.resolve("link.tsv"), rows.getFileName());
        Object[] common = {"certify", model, "--dataset", "digits", "--n", 50, "--quiet"};
        done(with(common, "--sigma", 0.25, "--limit", 2, "--out", rows));
        fails(2, "sigma 0.25, now it is 0.5", with(common, "--sigma", 0.5, "--limit", 2, "--resume", "--out", link));
        done(with(common, "--sigma", 0.5, "--limit", 1, "--overwrite", "--out", link));
        fails(2, "sigma 0.5, now it is 0.25", with(common, "--sigma", 0.25, "--limit", 2, "--resume", "--out", rows));
        assertFalse(Files.exists(folder.resolve("link.tsv.run.json")));
    }

    @Test
    void givenRowsWithHardLinksOrAtTheRecordsPlace_whenWritten_thenRefused() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--n", 50, "--limit", 1, "--sigma", 0.25, "--quiet"};
        done(with(common, "--out", rows));
        Files.createLink(folder.resolve("other.tsv"), rows);
        String before = Files.readString(rows);
        fails(2, "hard links", with(common, "--out", rows, "--overwrite"));
        assertEquals(before, Files.readString(rows));
        Path free = folder.resolve("free.tsv");
        fails(2, "is where the record", with(common, "--out", free, "--certificates", folder.resolve("free.tsv.run.json")));
        assertFalse(Files.exists(free));
    }

    @Test
    void givenBoundsOfAnotherEpsilonOrMethod_whenResumed_thenRefusedAndKept() throws IOException {
        Path rows = folder.resolve("rows.jsonl");
        Object[] command = {"verify", model, "--dataset", "digits", "--epsilon", 0.01, "--limit", 2, "--quiet", "--out",
                rows};
        done(command);
        String whole = Files.readString(rows);
        for (String altered : List.of(whole.replaceFirst("\"epsilon\":0.01", "\"epsilon\":0.02"),
                whole.replaceFirst("\"ibp\"", "\"crown\""))) {
            Files.writeString(rows, altered);
            fails(2, "is another run's", with(command, "--resume"));
            assertEquals(altered, Files.readString(rows));
        }
    }

    // ---- bad input ---------------------------------------------------------------------------------------------------

    @Test
    void givenUnusableFiles_whenRun_thenOneLineAndThree() throws IOException {
        Path out = folder.resolve("out.jsonl");
        fails(3, "no such file", "verify", folder.resolve("absent"), "--epsilon", 0.1, "--out", out);
        Path text = Files.writeString(folder.resolve("text"), "not a network at all");
        fails(3, "text", "verify", text, "--epsilon", 0.1, "--out", out);
        fails(3, "no such file or folder", "verify", model, "--data", folder.resolve("nowhere"), "--epsilon", 0.1, "--out",
                out);
        Path small = folder.resolve("small.safetensors");
        ModelFile.write(small, Mlp.of(List.of(Mlp.dense(3, 10, new float[30], new float[10]))), Precision.F32, Map.of());
        fails(3, "the network takes inputs of shape [3] and has 10 classes, but the images of digits are 1 x 28 x 28 of 10 "
                + "classes", "verify", small, "--dataset", "digits", "--epsilon", 0.1, "--out", out);
        Path two = folder.resolve("two.safetensors");
        ModelFile.write(two, Mlp.of(List.of(Mlp.dense(784, 2, new float[1568], new float[2]))), Precision.F32, Map.of());
        fails(3, "the network takes inputs of shape [784] and has 2 classes, but the images of digits are 1 x 28 x 28 of "
                + "10 classes", "verify", two, "--dataset", "digits", "--epsilon", 0.1, "--out", out);
        assertFalse(Files.exists(out));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "nonsense", "certify", "train", "verify M --epsilon 0.1", "verify M --epsilon none --out X",
        "certify M --dataset digits --sigma 0 --out X", "certify M --dataset digits --sigma 1 --alpha 2 --out X",
        "certify M --dataset digits --sigma 1 --alpha 0.6 --out X",
        "certify M --dataset digits --sigma 1 --n 0 --out X", "certify M --dataset digits --sigma 1 --limit 0 --out X",
        "certify M --dataset digits --sigma 1 --skip 0 --out X",
        "certify M --dataset digits --sigma 1 --indices 10000 --out X",
        "certify M --dataset digits --sigma 1 --indices 1,1 --out X", "certify M --dataset other --sigma 1 --out X",
        "certify M --dataset digits --data D --sigma 1 --out X",
        "certify M --dataset digits --sigma 1 --resume --overwrite --out X",
        "verify M --dataset digits --epsilon -1 --out X", "verify M --dataset digits --epsilon NaN --out X",
        "verify M --dataset digits --epsilon 0.1 --method exact --out X",
        "verify M --dataset digits --epsilon 0.1 --method crown --steps 3 --out X",
        "verify M --dataset digits --epsilon 0.1 --method alpha-crown --steps -1 --out X",
        "attack M --dataset digits --epsilon 0.1 --steps 0 --out X", "attack M --dataset digits --epsilon -0.1 --out X",
        "radius --sigma 1 --count 11 --n 10", "radius --sigma -1 --count 5 --n 10",
        "radius --sigma 1 --count 5 --n 10 --alpha 0",
        "train ibp --epsilon -0.1 --dataset digits --out X", "train smoothing --sigma 0 --dataset digits --out X",
        "train smoothing --sigma 1 --hidden 0 --dataset digits --out X", "certify M --device tpu --sigma 1 --out X",
        "attack M --dataset digits --epsilon 0.1 --loss hinge --out X",
        "train ibp --epsilon 0.1 --final-kappa 1.5 --dataset digits --out X", "tradeoff --epsilon 0.1 --dataset digits",
        "tradeoff --epsilon 0.1 --kappas 0,-1 --dataset digits --out X",
        "tradeoff --epsilon 0.1 --kappas 1,1.0 --dataset digits --out X",
        "tradeoff --epsilon 0 --dataset digits --out X", "tradeoff --epsilon 0.1 --train-limit 0 --dataset digits --out X",
        "certify M --device cuda: --sigma 1 --out X", "certify M --device cuda:0,0 --sigma 1 --out X",
        "certify M --device cuda:-1 --sigma 1 --out X", "certify M --device cuda:0, --sigma 1 --out X"})
    void givenAWrongCommandLine_whenRun_thenOneLineAndTwo(String words) {
        Object[] arguments = words.isEmpty() ? new Object[0] : Arrays.stream(words.split(" "))
                .map(word -> word.equals("M") ? model : word.equals("X") ? folder.resolve("out") : word).toArray();
        fails(2, "", arguments);
        assertFalse(Files.exists(folder.resolve("out")), "an output was started");
    }

    @Test
    void givenACorruptMiddleRow_whenReported_thenFileAndLineAreNamed() throws IOException {
        Path run = folder.resolve("run");
        Files.createDirectories(run.resolve("ibp"));
        Files.writeString(run.resolve("run.json"), "{}");
        Files.writeString(run.resolve("ibp/epsilon-0.10.jsonl"), "{broken\n{}\n", StandardOpenOption.CREATE);
        fails(3, "epsilon-0.10.jsonl", "report", run);
    }

    @Test
    void givenHelp_whenAsked_thenItIsPrintedAndThatIsNoFailure() {
        assertTrue(done("--help").out.contains("Exit codes"));
        assertTrue(done("certify", "--help").out.contains("--sigma"));
        assertTrue(done("--version").out.startsWith("bulwark "));
    }
}

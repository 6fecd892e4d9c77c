package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single commands on generated images and an untrained network: files, fields, exit codes, bad input. */
class CommandLineTest extends WholeCommands {

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
                "sigma", "seed", "noise", "sampling", "samples"), fields(certificates.get(0)));
        JsonNode first = JSON.readTree(certificates.get(0));
        assertEquals(100, first.get("n").asInt());
        assertEquals(7, first.get("seed").asInt());
        assertEquals(10, first.get("counts").size());
    }

    @Test
    void givenSequentialSampling_whenCertified_thenRowsAreOfTheFirstVotesAndOtherCommandsDeriveThemAgain() throws IOException {
        Path fixed = folder.resolve("fixed.jsonl");
        Path rows = folder.resolve("rows.tsv");
        Path votes = folder.resolve("rows.jsonl");
        Object[] command = {"certify", model, "--dataset", "digits", "--sigma", 0.5, "--n0", 20, "--n", 2000, "--alpha", 0.01,
            "--limit", 8, "--seed", 7, "--quiet", "--certificates", votes, "--out", rows, "--sampling", "sequential", "--radius", "0.1,1/4"};
        Outcome outcome = done(command);
        assertTrue(outcome.out().contains("% at r = 0.10") && outcome.out().contains("samples an image on average"), outcome.out());
        for (String line : Files.readAllLines(votes)) {
            JsonNode row = JSON.readTree(line);
            assertEquals("sequential", row.get("sampling").asText());
            int samples = row.get("samples").asInt();
            done("certify", model, "--dataset", "digits", "--sigma", 0.5, "--n0", 20, "--n", samples, "--alpha", 0.01, "--seed", 7,
                    "--indices", row.get("index").asInt(), "--quiet", "--certificates", fixed, "--out", folder.resolve("fixed.tsv"),
                    "--overwrite");
            JsonNode same = JSON.readTree(Files.readAllLines(fixed).get(0));
            assertEquals(same.get("counts"), row.get("counts"));
            assertTrue(row.get("radius").asDouble() <= same.get("radius").asDouble());
            JsonNode derived = JSON.readTree(done("radius", "--sigma", 0.5, "--count", row.get("count").asInt(), "--n", samples,
                    "--alpha", 0.01, "--sampling", "sequential").out());
            assertEquals(row.get("radius"), derived.get("radius"));
            assertEquals(row.get("p_a_lower"), derived.get("p_a_lower"));
        }
        String whole = Files.readString(votes);
        String printed = Files.readString(rows).replaceAll("\t[^\t]*\n", "\n");
        Files.writeString(rows, Files.readString(rows).lines().limit(4).collect(Collectors.joining("\n", "", "\n")));
        done(with(command, "--resume"));
        assertEquals(whole, Files.readString(votes));
        assertEquals(printed, Files.readString(rows).replaceAll("\t[^\t]*\n", "\n"));
        done("audit", votes, "--model", model, "--dataset", "digits", "--redraw", 8, "--device", "cpu");
        done("report", rows, "--out", folder.resolve("report"), "--quiet");
        assertTrue(Files.readString(folder.resolve("report/table1.md")).contains("sequential sampling"));
        fails(2, "radii", with(command, "--radius", "0.1", "--resume"));
        fails(2, "--radius must be numbers from 0 with at most six decimals", with(command, "--radius", "0.1234567", "--overwrite"));
        fails(2, "--radius says what --sampling sequential settles", "certify", model, "--dataset", "digits", "--sigma", 0.5,
                "--radius", 1, "--out", folder.resolve("other.tsv"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fixed", "sequential"})
    void givenDiscreteNoise_whenCertified_thenRowsSayItAndOtherCommandsDeriveThemAgain(String sampling) throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Path votes = folder.resolve("rows.jsonl");
        Object[] command = {"certify", model, "--dataset", "digits", "--sigma", 0.3, "--n0", 20, "--n", 500, "--alpha", 0.01,
            "--limit", 6, "--seed", 7, "--quiet", "--certificates", votes, "--out", rows, "--sampling", sampling, "--noise"};
        done(with(command, "gaussian"));
        List<String> gaussian = Files.readAllLines(votes);
        done(with(command, "discrete", "--overwrite"));
        String whole = Files.readString(votes);
        List<String> discrete = Files.readAllLines(votes);
        for (int k = 0; k < 6; ++k) {
            JsonNode row = JSON.readTree(discrete.get(k));
            assertEquals("discrete", row.get("noise").asText());
            assertEquals("gaussian", JSON.readTree(gaussian.get(k)).get("noise").asText());
        }
        assertFalse(whole.replace("discrete", "gaussian").equals(String.join("\n", gaussian) + "\n"), "the same votes");
        Files.writeString(votes, whole.substring(0, whole.length() / 2));
        fails(2, "can't resume", with(command, "gaussian", "--resume"));
        done(with(command, "discrete", "--resume"));
        assertEquals(whole, Files.readString(votes));
        done("audit", votes, "--model", model, "--dataset", "digits", "--redraw", 6, "--device", "cpu");
        done("report", rows, "--out", folder.resolve("report"), "--quiet");
        assertTrue(Files.readString(folder.resolve("report/table1.md")).contains("discrete noise"));
        Files.writeString(votes, whole.replace("discrete", "gaussian"));
        Outcome altered = Outcome.of("audit", votes, "--model", model, "--dataset", "digits", "--redraw", 6, "--device", "cpu");
        assertTrue(altered.code() == 1 && altered.out().contains("gives other votes"), altered.out() + altered.err());
        done("predict", model, "--dataset", "digits", "--sigma", 0.3, "--n", 50, "--limit", 2, "--noise", "discrete", "--out",
                folder.resolve("predictions.tsv"));
        fails(2, "--sigma must be at most 16 for discrete noise", "certify", model, "--dataset", "digits", "--sigma", 17,
                "--noise", "discrete", "--out", folder.resolve("other.tsv"));
    }

    @Test
    void givenImagesThatAreNoBytes_whenNoiseIsDiscrete_thenOneLineSaysWhatToDo() throws IOException {
        Path images = folder.resolve("images.npy");
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 28, 28), }";
        ByteBuffer bytes = ByteBuffer.allocate(128 + 4 * 784).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) 118)
                .put(String.format("%-117s\n", header).getBytes(StandardCharsets.US_ASCII));
        for (int k = 0; k < 784; ++k) {
            bytes.putFloat(k == 5 ? 0.3f : 0.2f);
        }
        Files.write(images, bytes.array());
        for (String command : List.of("certify", "predict")) {
            Path rows = folder.resolve("rows.tsv");
            Object[] words = {command, model, "--data", images, "--sigma", 0.3, "--n", 20, "--out", rows, "--quiet", "--noise"};
            Outcome refused = Outcome.of(with(words, "discrete"));
            assertTrue(refused.code() == 2 && refused.err().contains("a pixel of image 0 of images.npy is 0.3, no byte over 255: "
                    + "give uint8 images, and a normalisation by --mean and --std, or take Gaussian noise with --noise gaussian"),
                    refused.err());
            assertFalse(Files.exists(rows));
            done(with(words, "gaussian"));
            Files.delete(rows);
        }
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
        assertEquals(List.of("index", "label", "epsilon", "method", "claim", "clean_prediction", "lower", "upper", "margin_lower",
                "certified", "certified_by_box", "seconds"), fields(lines.get(0)));
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
        done("verify", model, "--dataset", "digits", "--epsilon", 0.01, "--method", "ibp", "--indices", "5,3", "--out", propagated);
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
        assertTrue(margin.out().contains(" broken by margin, ") && !margin.out().contains("cross-entropy"), margin.out());
        assertAddsUp(rows, margin.out(), "");
        assertEquals("margin", JSON.readTree(folder.resolve("attacks.jsonl.run.json").toFile()).at("/identity/loss")
                .asText());
        fails(2, "has loss \"margin\", now it is \"both\"", with(attack, "both", "--resume"));
        Outcome both = done(with(attack, "BOTH", "--overwrite"));
        assertAddsUp(rows, both.out(), "\\d+ by margin, ");
        assertTrue(Files.readString(rows).contains("\"loss\":\"cross-entropy\""));
        fails(2, "cross-entropy, margin, dlr, both", with(attack, "hinge"));
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
    void givenANetworkThatNoDeviceTakesWhole_whenCertifiedAndAttacked_thenTheRecordSaysThatItIsComputedStepByStep()
            throws IOException {
        Path network = folder.resolve("curved.onnx");
        ModelFile.writeOnnx(network, Graph.sequence(Shape.of(1, 28, 28), List.of(new Op.Flatten(), new Op.Tanh(),
                Mlp.dense(784, 10, Mlp.values(new SplittableRandom(5), 7840, -0.3, 0.3), new float[10]))), Map.of());
        Object[] certify = certify(network);
        Object[] attack = attack(network);
        done(certify);
        done(attack);
        assertEquals("fp32, step by step", recorded("certified.tsv", "precision"));
        assertEquals("fp32, step by step", recorded("attacked.jsonl", "gradients"));
        done(with(certify, "--resume"));
        for (Object[] each : List.of(certify, attack)) {
            fails(2, "--precision bf16 is for networks that a device has kernels of its own for", with(each, "--overwrite",
                    "--precision", "bf16"));
        }
    }

    private Object[] certify(Path network) {
        return new Object[] {"certify", network, "--dataset", "digits", "--sigma", 0.1, "--n", 200, "--limit", 3, "--out",
            folder.resolve("certified.tsv")};
    }

    private Object[] attack(Path network) {
        return new Object[] {"attack", network, "--dataset", "digits", "--epsilon", 0.1, "--steps", 3, "--restarts", 1,
            "--limit", 20, "--out", folder.resolve("attacked.jsonl")};
    }

    private String recorded(String rows, String key) throws IOException {
        return JSON.readTree(folder.resolve(rows + ".run.json").toFile()).findValue(key).asText();
    }

    @Test
    void givenConvolutions_whenCertifiedAndAttacked_thenTheRecordSaysInWhichPrecisionTheyAreTakenWhole() throws IOException {
        DeviceInfo cpu;
        try (Backend backend = CpuBackend.create()) {
            cpu = backend.info();
        }
        assumeTrue(cpu.libraries().containsKey(DeviceInfo.CHAINS), "oneDNN can't be loaded");
        done(with(certify(convolutional()), "--device", "cpu"));
        done(with(attack(convolutional()), "--device", "cpu"));
        assertEquals(4, timeless(folder.resolve("certified.tsv")).size());
        assertEquals(20, RowFile.read(folder.resolve("attacked.jsonl"), AttackRow.FORMAT).size());
        assertEquals(cpu.libraries().get(DeviceInfo.NOISY_PASSES), recorded("certified.tsv", "precision"));
        assertNull(JSON.readTree(folder.resolve("attacked.jsonl.run.json").toFile()).findValue("gradients"));
        done(with(certify(convolutional()), "--device", "cpu", "--precision", "fp32", "--overwrite"));
        assertEquals("fp32", recorded("certified.tsv", "precision"));
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
        assertTrue(attack.out().contains("0 right as they are") && attack.out().contains("3 without a prediction"),
                attack.out());
    }

    @Test
    void givenACount_whenRadius_thenJsonHasTheClosedForm() throws IOException {
        JsonNode all = JSON.readTree(done("radius", "--sigma", 0.5, "--count", 10_000, "--n", 10_000, "--alpha", 0.001)
                .out());
        assertEquals(List.of("p_a_lower", "radius", "abstain"), fields(all.toString()));
        assertEquals(Math.pow(0.001, 1e-4), all.get("p_a_lower").asDouble(), 1e-12);
        assertFalse(all.get("abstain").asBoolean());
        JsonNode half = JSON.readTree(done("radius", "--sigma", 0.5, "--count", 5155, "--n", 10_000, "--alpha", 0.001)
                .out());
        assertTrue(half.get("abstain").asBoolean());
        assertEquals(0, half.get("radius").asDouble());
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
    void givenAnAttackInTraining_whenTrained_thenTheNetworkSaysSoAndContradictionsAreRefused() throws IOException {
        Path network = folder.resolve("n.safetensors");
        Object[] common = {"train", "ibp", "--epsilon", 0.05, "--hidden", 8, "--limit", 100, "--dataset", "digits",
                "--out", network, "--quiet", "--overwrite"};
        done(with(common, "--small-boxes", 0.4, "--attack-steps", 2, "--l1", 1e-5, "--training-factor", 2));
        Map<String, String> provenance = ModelFile.read(network).metadata();
        assertEquals("quick, small boxes 0.4, attack steps 2, training factor 2.0, L1 1.0E-5", provenance.get("preset"));
        String recipe = provenance.get("recipe");
        assertTrue(recipe.contains("adversary=Adversary[use=CENTRES, steps=2, length=0.5, share=0.4]"), recipe);
        assertTrue(recipe.contains("factor=2.0") && recipe.contains("l1=1.0E-5"), recipe);
        done(with(common, "--attacked-loss", "--final-kappa", 0.5, "--epochs", 2));
        recipe = ModelFile.read(network).metadata().get("recipe");
        assertTrue(recipe.contains("epochs=2, batch"), recipe);
        assertEquals("quick, attacked loss, final kappa 0.5, epochs 2", ModelFile.read(network).metadata().get("preset"));
        fails(2, "--epochs must be at least 1: 0", with(common, "--epochs", 0));
        assertTrue(recipe.contains("use=POINTS, steps=3") && recipe.contains("end=0.5"), recipe);
        fails(2, "drop one", with(common, "--attacked-loss", "--small-boxes", 0.4));
        fails(2, "--attack-steps has no use without", with(common, "--attack-steps", 4));
        fails(2, "small boxes must be smaller than the whole one", with(common, "--small-boxes", 1));
        fails(2, "attack steps must be at least 1.0, not 0.0", with(common, "--attacked-loss", "--attack-steps", 0));
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
    void givenAnArchitectureByName_whenTrained_thenEveryCommandTakesTheNetwork() throws IOException {
        Path network = folder.resolve("n.safetensors");
        Object[] train = {"train", "ibp", "--epsilon", 0.05, "--limit", 100, "--dataset", "digits", "--out", network,
                "--quiet", "--architecture"};
        done(with(train, "lenet"));
        assertEquals("784-3920-2450-500-10, the first layers 20 channels of 5 x 5 windows, 2 apart, padded by 2; 50 channels "
                + "of 5 x 5 windows, 2 apart, padded by 2", ModelFile.read(network).metadata().get("layers"));
        Object[] images = {"--dataset", "digits", "--limit", 2, "--quiet", "--out"};
        assertTrue(done("inspect", network).out().contains("1256080") || done("inspect", network).out().contains("1,256,080"));
        done(with(with(new Object[] {"verify", network, "--epsilon", 0.01, "--method", "crown"}, images),
                folder.resolve("v.jsonl")));
        done(with(with(new Object[] {"certify", network, "--sigma", 0.5, "--n0", 5, "--n", 20}, images),
                folder.resolve("c.tsv")));
        done(with(with(new Object[] {"attack", network, "--epsilon", 0.01, "--steps", 2, "--restarts", 1}, images),
                folder.resolve("a.jsonl")));
        done("convert", network, folder.resolve("n.onnx"));
        fails(2, "drop --hidden", with(train, "mlp", "--hidden", 5, "--overwrite"));
        fails(2, "drop --windows", with(train, "mlp-conv", "--windows", "2,3,3", "--overwrite"));
        fails(2, "'vgg' is none of mlp, mlp-conv, cnn, cnn-medium, cnn7, lenet, resnet", with(train, "vgg", "--overwrite"));
    }

    @Test
    void givenResidualBlocks_whenTrained_thenAnOnnxFileHoldsThemAndNoOther() throws IOException {
        Path network = folder.resolve("n.onnx");
        Object[] train = {"train", "ibp", "--epsilon", 0.05, "--limit", 60, "--epochs", 2, "--dataset", "digits", "--quiet",
                "--architecture", "resnet", "--out"};
        done(with(train, network));
        assertTrue(ModelFile.read(network).metadata().get("layers").contains("a residual block of 32 channels, 2 apart"));
        assertTrue(done(with(train, network, "--resume")).out().contains(" is finished, clean accuracy "));
        done(with(train, network, "--overwrite"));
        done("verify", network, "--epsilon", 0.01, "--method", "crown", "--dataset", "digits", "--limit", 2, "--quiet",
                "--out", folder.resolve("v.jsonl"));
        fails(2, "only ONNX files hold residual blocks", with(train, folder.resolve("n.safetensors")));
    }

    /** Rows of single commands make a report about their own data and network, and about nothing else. */
    @Test
    void givenRowsOfSingleCommands_whenReported_thenTablesOfTheirDataAndNothingOfTheLabReport() throws IOException {
        Path certified = folder.resolve("rows.tsv");
        Path votes = folder.resolve("votes.jsonl");
        Path bounds = folder.resolve("bounds.jsonl");
        Path attacks = folder.resolve("attack.jsonl");
        Object[] images = {"--dataset", "digits", "--limit", 3, "--out"};
        assertTrue(done(with(with(new Object[] {"certify", model, "--sigma", 0.5, "--n0", 10, "--n", 50, "--certificates",
                votes, "--quiet"}, images), certified)).out().startsWith("3 images, "), "one line sums up");
        assertTrue(done(with(with(new Object[] {"verify", model, "--epsilon", 0.02, "--max-domains", 20, "--quiet"}, images), bounds)).out()
                .matches("\\d of 3 images certified, \\d by box; \\d clean correct\\R\\d certified, \\d falsified, \\d undecided\\R"
                        + "decided by ibp \\d, attack \\d, crown-ibp \\d, crown \\d, alpha-crown \\d, exact \\d\\s*"));
        done(with(with(new Object[] {"attack", model, "--epsilon", 0.02, "--steps", 2, "--restarts", 1}, images), attacks));

        for (Object[] named : List.of(new Object[] {"report", certified, votes, bounds, attacks},
                new Object[] {"report", folder, "--out", folder.resolve("report")})) {
            String said = done(named).out();
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
        String help = done("verify", "--help").out();
        assertFalse(help.contains("noisy"), help);
        fails(2, "unknown option", "verify", model, "--epsilon", 0.1, "--out", folder.resolve("x"), "--precision", "fp32");
    }

    @Test
    void givenANetworkForSomethingElse_whenUsed_thenItIsSaidFirst() {
        Path trained = folder.resolve("boxes.safetensors");
        done("train", "ibp", "--epsilon", 0.1, "--hidden", 8, "--limit", 20, "--dataset", "digits", "--out", trained);
        String said = done("certify", trained, "--sigma", 0.5, "--n0", 1, "--n", 2, "--limit", 1, "--dataset", "digits",
                "--out", folder.resolve("rows.tsv")).err();
        assertTrue(said.startsWith("warning: this network was trained for bounds at epsilon 0.1, without noise"), said);
    }

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
        "verify M --dataset digits --epsilon 0.1 --method exactly --out X",
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
        assertTrue(done("--help").out().contains("Exit codes"));
        assertTrue(done("certify", "--help").out().contains("--sigma"));
        assertTrue(done("--version").out().startsWith("bulwark "));
    }
}

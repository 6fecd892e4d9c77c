package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Normalisation;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.results.RunLayout;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Arrays as data on the command line, and a normalisation that the network's file leaves out. */
class OwnDataTest {

    private static final ImageShape SHAPE = new ImageShape(3, 1, 2);
    private static final float[] PIXELS = {0.25f, 0.5f, 0.75f, 1, 0, 0, 0.5f, 0.5f, 0.125f, 0.375f, 1, 1};
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private Path images;
    private Path labels;

    @BeforeEach
    void writeData() throws IOException {
        images = Files.write(folder.resolve("x.npy"), NpyBytes.floats(PIXELS, 2, 3, 1, 2));
        labels = Files.write(folder.resolve("y.npy"), NpyBytes.labels(0, 1));
    }

    private String run(int code, Object... arguments) {
        return run(code, new StringWriter(), arguments);
    }

    private String run(int code, StringWriter out, Object... arguments) {
        StringWriter err = new StringWriter();
        Object[] words = Stream.concat(Arrays.stream(arguments), Stream.of("--device", "cpu", "--quiet")).toArray();
        assertEquals(code, Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new),
                new PrintWriter(out), new PrintWriter(err, true)), err.toString());
        return err.toString().strip();
    }

    private Object[] verify(Path model, Path out, Object... more) {
        return Stream.concat(Stream.of("verify", model, "--method", "ibp", "--epsilon", "0.0625", "--data", images, "--labels", labels, "--out", out),
                Arrays.stream(more)).toArray();
    }

    /** Two logits: the sum of the first four elements, and the fourth. */
    private static Op.Dense dense() {
        return new Op.Dense(Tensor.of(Shape.of(2, 6), 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0), Tensor.vector(0, 0));
    }

    private Path model(String name, Graph graph) {
        Path file = folder.resolve(name);
        ModelFile.writeOnnx(file, graph, Map.of());
        return file;
    }

    @Test
    void givenFloatsOfBothSplits_whenTrained_thenTheNetworkIsOfTheirShapeAndClasses() throws IOException {
        float[] pixels = new float[600 * 9];
        int[] classes = new int[600];
        for (int k = 0; k < pixels.length; ++k) {
            classes[k / 9] = k / 9 % 3;
            pixels[k] = k % 3 == classes[k / 9] ? 0.9f - k % 7 / 50f : k % 5 / 50f;
        }
        Path data = NpyBytes.zip(folder.resolve("d.npz"), true, Map.of("x_train", NpyBytes.floats(pixels, 600, 3, 3),
                "y_train", NpyBytes.labels(classes), "x_test", NpyBytes.floats(pixels, 600, 3, 3), "y_test", NpyBytes.labels(classes)));
        Path model = folder.resolve("m.safetensors");
        run(0, "train", "ibp", "--epsilon", "0.02", "--hidden", "12", "--data", data, "--out", model);
        assertEquals("d.npz, 600 images", ModelFile.read(model).metadata().get("training_data"));
        assertEquals(9, ModelFile.read(model).graph().input().size());
        assertEquals(3, ModelFile.read(model).graph().classes());
    }

    private static JsonNode row(Path rows, int k) throws IOException {
        return JSON.readTree(Files.readAllLines(rows).get(k));
    }

    private static JsonNode identity(Path rows) throws IOException {
        return JSON.readTree(RunLayout.recordOf(rows).toFile()).path("identity");
    }

    /** Colour images that the mean of one channel tells apart: by a convolution in front, learned from them and certified. */
    @Test
    void givenColourImagesAsLargeAsCifars_whenTrainedAndVerified_thenTheNetworkIsCertifiedOnThem() throws IOException {
        int count = 900;
        int size = 3 * 32 * 32;
        float[] pixels = new float[count * size];
        int[] classes = new int[count];
        for (int k = 0; k < pixels.length; ++k) {
            int image = k / size;
            classes[image] = image % 3;
            boolean bright = k % size / (32 * 32) == classes[image];
            pixels[k] = (bright ? 0.7f : 0.1f) + (k * 37 % 101) / 500f;
        }
        Map<String, byte[]> arrays = new TreeMap<>();
        for (String split : List.of("train", "test")) {
            arrays.put("x_" + split, NpyBytes.floats(pixels, count, 3, 32, 32));
            arrays.put("y_" + split, NpyBytes.labels(classes));
        }
        Path data = NpyBytes.zip(folder.resolve("colour.npz"), true, arrays);
        Path model = folder.resolve("colour.safetensors");
        run(0, "train", "ibp", "--epsilon", "0.02", "--windows", "16,4,4", "--hidden", "1024,50",
                "--data", data, "--out", model);
        Path rows = folder.resolve("colour.jsonl");
        run(0, "verify", model, "--epsilon", "0.02", "--data", data, "--limit", 12, "--out", rows);
        assertEquals(12, Files.readAllLines(rows).stream().filter(line -> line.contains("\"certified\":true")).count());
    }

    @Test
    void givenANormalisation_whenVerified_thenBoundsAreTheClosedFormAndEpsilonIsInInputUnits() throws IOException {
        for (Graph graph : List.of(Graph.sequence(Shape.of(6), List.of(dense())),
                Graph.sequence(SHAPE.shape(), List.of(new Op.Flatten(), dense())))) {
            Path rows = folder.resolve("rows" + graph.input().rank() + ".jsonl");
            run(0, verify(model("m.onnx", graph), rows, "--mean", "0.25,0.5,0", "--std", "0.5,0.125,1"));
            JsonNode first = row(rows, 0);
            // [0.1875, 0.3125], [0.4375, 0.5625] less 0.25, by 0.5; [0.6875, 0.8125], [0.9375, 1] less 0.5, by 0.125.
            assertEquals(-0.125 + 0.375 + 1.5 + 3.5, first.path("lower").get(0).asDouble(), 1e-4);
            assertEquals(0.125 + 0.625 + 2.5 + 4, first.path("upper").get(0).asDouble(), 1e-4);
            assertEquals(3.5, first.path("lower").get(1).asDouble(), 1e-4);
            assertEquals(4, first.path("upper").get(1).asDouble(), 1e-4);
            assertEquals("[0.25,0.5,0.0]", identity(rows).path("mean").toString());
            assertEquals("[0.5,0.125,1.0]", identity(rows).path("std").toString());
            assertEquals("float", identity(rows).path("centre").asText());
        }
    }

    @Test
    void givenANormalisation_whenCertifiedAndAttacked_thenRowsAreThoseOfAFileThatHoldsIt() throws IOException {
        Graph bare = Graph.sequence(SHAPE.shape(), List.of(new Op.Flatten(), dense()));
        Path plain = model("plain.onnx", bare);
        Path whole = model("whole.onnx", new Normalisation(List.of(0.3f), List.of(0.2f, 0.4f, 1f)).before(SHAPE, bare));
        for (String command : List.of("certify --sigma 0.25 --n0 10 --n 200", "attack --epsilon 0.2 --steps 4 --restarts 2",
                "verify --epsilon 0.05 --method crown", "predict --sigma 0.25 --n 50")) {
            String[] words = command.split(" ");
            Path one = folder.resolve(words[0] + "1");
            Path two = folder.resolve(words[0] + "2");
            Object[] data = {"--data", images, "--labels", labels, "--out"};
            run(0, Stream.of(Stream.of(words[0], plain), Arrays.stream(words).skip(1), Arrays.stream(data),
                    Stream.of(one, "--mean", 0.3, "--std", "0.2,0.4,1")).flatMap(s -> s).toArray());
            run(0, Stream.of(Stream.of(words[0], whole), Arrays.stream(words).skip(1), Arrays.stream(data),
                    Stream.of(two)).flatMap(s -> s).toArray());
            assertEquals(timeless(two), timeless(one));
        }
    }

    private static List<String> timeless(Path rows) throws IOException {
        return Files.readAllLines(rows).stream().map(line -> line.replaceAll("\t[0-9:.]+$", "")
                .replaceAll("\"seconds\":[^,}]*", "")).toList();
    }

    @Test
    void givenRowsUnderANormalisation_whenResumedWithAnother_thenRefused() throws IOException {
        Path model = model("m.onnx", Graph.sequence(Shape.of(6), List.of(dense())));
        Path rows = folder.resolve("rows.jsonl");
        run(0, verify(model, rows, "--mean", "0.1", "--std", "0.3"));
        run(0, verify(model, rows, "--mean", "0.10", "--std", "3e-1", "--resume"));
        for (Object[] other : new Object[][] {{"--mean", "0.1", "--std", "0.4"}, {"--std", "0.3"}, {}}) {
            Object[] all = Stream.concat(Arrays.stream(other), Stream.of("--resume")).toArray();
            assertTrue(run(2, verify(model, rows, all)).startsWith("bulwark: can't resume: "));
        }
    }

    @Test
    void givenANormalisationThatCannotBe_whenAsked_thenOneLineSaysWhy() {
        Path model = model("m.onnx", Graph.sequence(Shape.of(6), List.of(dense())));
        Path rows = folder.resolve("rows.jsonl");
        assertEquals("bulwark: --mean or --std: what a normalisation divides by must be positive and finite: 0.0",
                run(2, verify(model, rows, "--std", "0.5,0")));
        assertEquals("bulwark: --mean or --std: what a normalisation subtracts must be finite: NaN",
                run(2, verify(model, rows, "--mean", "NaN")));
        assertEquals("bulwark: --mean has 2 numbers, but the images have 3 channels: name one for all, or one a channel",
                run(2, verify(model, rows, "--mean", "0.1,0.2")));
    }

    @Test
    void givenLabelsThatHaveNoImages_whenAsked_thenOneLineSaysWhatToDo() {
        Path model = model("m.onnx", Graph.sequence(Shape.of(6), List.of(dense())));
        assertEquals("bulwark: --labels " + labels + " belong to images that --data names: add that",
                run(2, "verify", model, "--epsilon", "0.1", "--labels", labels, "--out", folder.resolve("r.jsonl")));
    }

    /** Three images, of which the network gives the second class to one: rows are about that. */
    @Test
    void givenImagesWithoutLabels_whenRun_thenTheNetworksPredictionsStandInTheirPlace() throws IOException {
        float[] unknown = {0.9f, 0.9f, 0.9f, 0.9f, 0, 0, 0, 0, 0, 0.25f, 0, 0.5f, 0.5f, 0.25f, 0.5f, 0.25f, 1, 1};
        Path alone = Files.write(folder.resolve("alone.npy"), NpyBytes.floats(unknown, 3, 3, 1, 2));
        // Logit 1 exceeds logit 0 where the last element exceeds the sum of the first four.
        Path model = model("m.onnx", Graph.sequence(Shape.of(6), List.of(new Op.Dense(Tensor.of(Shape.of(2, 6), 1, 1, 1, 1, 0, 0,
                0, 0, 0, 0, 0, 1), Tensor.vector(0, 0)))));
        for (String command : List.of("certify --sigma 0.25 --n0 10 --n 200", "attack --epsilon 0.01 --steps 4 --restarts 2",
                "verify --epsilon 0.01 --method crown-ibp")) {
            String[] words = command.split(" ");
            Path rows = folder.resolve(words[0] + ".rows");
            StringWriter summary = new StringWriter();
            Object[] all = Stream.of(Stream.of(words), Stream.of(model, "--data", alone, "--out", rows)).flatMap(s -> s).toArray();
            String err = run(0, summary, all);
            assertTrue(err.replaceAll("\\s+", " ").startsWith("note: the images have no labels, so the network's own predictions stand in their place"), err);
            assertFalse(summary.toString().contains("correct") || summary.toString().contains("right"), summary.toString());
            assertEquals("predictions", identity(rows).path("labels").asText());
            assertEquals("predictions", JSON.readTree(RunLayout.recordOf(rows).toFile()).path("data").path("labels").asText());
            String text = Files.readString(rows);
            assertEquals(List.of(0, 1, 0), text.lines().filter(line -> !line.startsWith("idx")).map(line -> Integer.valueOf(
                    line.startsWith("{") ? line.replaceAll(".*\"label\":(\\d+).*", "$1") : line.split("\t")[1])).toList());
            run(0, summary, Stream.concat(Arrays.stream(all), Stream.of("--resume")).toArray());
            assertEquals(text, Files.readString(rows));
        }
        StringWriter summary = new StringWriter();
        run(0, summary, "predict", model, "--sigma", "0.1", "--n", 100, "--data", alone, "--out", folder.resolve("p"));
        assertEquals("3 images, 3 as the network without noise, 0 abstained", summary.toString().strip());
        assertEquals(0, Main.run(Stream.of("report", folder.resolve("verify.rows"), folder.resolve("certify.rows"), "--out",
                folder.resolve("report")).map(Object::toString).toArray(String[]::new), new PrintWriter(new StringWriter()),
                new PrintWriter(new StringWriter())));
        assertTrue(Files.readString(folder.resolve("report/report.html")).contains("Figures are shares of images that keep their prediction"));
        assertTrue(Files.readString(folder.resolve("report/table2.md")).contains("These images have no labels"));
        for (String table : List.of("table1.md", "table2.md")) {
            assertTrue(Files.readString(folder.resolve("report").resolve(table)).contains(
                    "share of images that keep their prediction in %"), table);
        }
        assertEquals("bulwark: " + alone + ": holds one set of images; to train, name an .npz file of x_train, y_train, x_test and "
                + "y_test, or a folder", run(3, "train", "ibp", "--epsilon", "0.1", "--data", alone, "--out", folder.resolve("t.safetensors")));
    }

    @Test
    void givenSplitsOfWhichOneHasNoLabels_whenTrained_thenOneLineSaysWhatToDo() throws IOException {
        float[] pixels = new float[20 * 9];
        Path data = NpyBytes.zip(folder.resolve("d.npz"), true, Map.of("x_train", NpyBytes.floats(pixels, 20, 3, 3),
                "y_train", NpyBytes.labels(new int[20]), "x_test", NpyBytes.floats(pixels, 20, 3, 3)));
        assertEquals("bulwark: " + data + ": holds no labels, and this needs them: name an .npz file with labels, a folder of PNG "
                + "files with one subfolder a class, or labels of an .npy or .npz file with --labels F.npy",
                run(3, "train", "ibp", "--epsilon", "0.1", "--data", data, "--out", folder.resolve("t.safetensors")));
    }

    /** Elements around 1/2 that say the class by their sign without it, and a network that reads signs. */
    @Test
    void givenANetworkThatGuesses_whenRun_thenAWarningNamesTheNormalisationThatIsMissing() throws IOException {
        float[] pixels = new float[120];
        int[] classes = new int[120];
        for (int k = 0; k < pixels.length; ++k) {
            classes[k] = k % 2;
            pixels[k] = classes[k] == 0 ? 0.75f : 0.25f;
        }
        Files.write(images, NpyBytes.floats(pixels, 120, 1));
        Files.write(labels, NpyBytes.labels(classes));
        Path model = model("m.onnx", Graph.sequence(Shape.of(1), List.of(
                new Op.Dense(Tensor.of(Shape.of(2, 1), 1, -1), Tensor.vector(0, 0)))));
        Path rows = folder.resolve("rows.jsonl");
        String warning = run(0, verify(model, rows)).replaceAll("\\s+", " ");
        assertEquals("warning: the network is right on 50.0% of 120 images, which is no more than guessing: if it was trained on "
                + "normalised images, name their --mean and --std; and the classes must be in its order", warning);
        assertEquals("", run(0, verify(model, folder.resolve("right.jsonl"), "--mean", "0.5")));
        assertEquals("", run(0, verify(model, folder.resolve("few.jsonl"), "--limit", 99)));
        assertTrue(run(0, verify(model, folder.resolve("wrong.jsonl"), "--std", "2")).contains("is this the normalisation"));
    }
}

package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.model.io.onnx.OnnxBuilder;
import dev.bulwark.results.RunLayout;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** ONNX files on the command line: {@code inspect}, {@code convert}, and rows of a network that was converted. */
class ModelFilesTest extends WholeCommands {

    private Path perceptron() {
        Path file = folder.resolve("m.safetensors");
        ModelFile.write(file, ModelFile.roundedToHalf(Mlp.random(new SplittableRandom(1), 0.1, 784, 12, 10)), Precision.F16,
                Map.of("recipe", "none", "seed", "1"));
        return file;
    }

    @Test
    void givenANetwork_whenConvertedToOnnxAndBack_thenWeightsMetadataAndRowsAreTheSame() throws IOException {
        Path first = perceptron();
        Path onnx = folder.resolve("m.onnx");
        Path back = folder.resolve("back.safetensors");
        Outcome converted = done("convert", first, onnx);
        assertTrue(converted.out().startsWith(onnx + ": 3 operations, 9550 parameters, inputs [784], 10 outputs, sha256 "),
                converted.out());
        done("convert", onnx, back);
        StoredNetwork before = ModelFile.read(first);
        StoredNetwork after = ModelFile.read(back);
        assertEquals(ops(before.graph()), ops(after.graph()));
        assertEquals("none", after.metadata().get("recipe"));
        assertEquals(ModelFile.read(onnx).sha256(), after.metadata().get("converted_from_sha256"));
        assertEquals(before.sha256(), ModelFile.read(onnx).metadata().get("converted_from_sha256"));
        for (Path model : List.of(first, onnx)) {
            done("certify", model, "--dataset", "digits", "--sigma", 0.5, "--n0", 20, "--n", 100, "--limit", 3,
                    "--device", "cpu", "--out", model + ".tsv", "--quiet");
        }
        assertEquals(timeless(Path.of(first + ".tsv")), timeless(Path.of(onnx + ".tsv")));
        String record = Files.readString(RunLayout.recordOf(Path.of(onnx + ".tsv")));
        assertTrue(record.contains(ModelFile.read(onnx).sha256()), record);
    }

    private static List<Op> ops(Graph graph) {
        return graph.nodes().stream().map(Graph.Node::op).toList();
    }

    @Test
    void givenWhatSafetensorsDoNotHold_whenConverted_thenOneLineSaysWhereAndNothingIsWritten() throws IOException {
        Path onnx = folder.resolve("tanh.onnx");
        ModelFile.writeOnnx(onnx, Graph.sequence(Shape.of(784), List.of(new Op.Tanh(),
                Mlp.dense(784, 10, new float[7840], new float[10]))),
                Map.of());
        Path out = folder.resolve("out.safetensors");
        fails(3, "only dense layers and convolutions with a ReLU between each two can be stored, which does not hold at "
                + "Tanh n0.Tanh: ONNX files hold all", "convert", onnx, out);
        assertFalse(Files.exists(out));
        byte[] before = Files.readAllBytes(onnx);
        fails(2, "is there already: name another file, or add --overwrite", "convert", perceptron(), onnx);
        fails(2, "is IN: name another file", "convert", onnx, onnx, "--overwrite");
        fails(2, "must end in .onnx or .safetensors", "convert", onnx, folder.resolve("m.pt"));
        fails(3, "no such file", "convert", folder.resolve("none.onnx"), out);
        assertArrayEquals(before, Files.readAllBytes(onnx));
        done("convert", perceptron(), onnx, "--overwrite");
    }

    /** As tf2onnx writes a Keras network of one convolution, with a softmax at the end. */
    @Test
    void givenANetworkWithChannelsLastAndASoftmax_whenVerified_thenRowsAndANoteInTheRecord() throws IOException {
        Path model = Files.write(folder.resolve("keras.onnx"), new OnnxBuilder(13).input(-1, 28, 28, 1)
                .integers("shape", -1, 1, 28, 28).then("Reshape", OnnxBuilder.of("shape")).weight("w", 2, 1, 14, 14)
                .then("Conv", OnnxBuilder.of("w")).then("Relu").integers("flat", -1, 450).then("Reshape",
                OnnxBuilder.of("flat"))
                .weight("v", 450, 10).then("MatMul", OnnxBuilder.of("v")).then("Softmax").bytes());
        Path rows = folder.resolve("keras.jsonl");
        Outcome outcome = done("verify", model, "--dataset", "digits", "--epsilon", 0.01, "--method", "ibp", "--limit", 2,
                "--device", "cpu", "--out", rows, "--quiet");
        String note = "the final softmax was left out: outputs are logits, in the same order";
        assertTrue(outcome.err().contains("note: " + note), outcome.err());
        assertEquals(2, Files.readAllLines(rows).size());
        assertTrue(Files.readString(RunLayout.recordOf(rows)).contains(note));
    }

    /** Its logits are the image: certified where the largest element is ahead by more than twice epsilon. */
    @Test
    void givenANetworkOfNothingButFlattening_whenUsed_thenItsLogitsAreTheInput() throws IOException {
        Path model = folder.resolve("flat.onnx");
        ModelFile.writeOnnx(model, Graph.sequence(Shape.of(1, 2, 2), List.of(new Op.Flatten())), Map.of());
        assertTrue(done("inspect", model).out().contains("computed"));
        Path images = Files.write(folder.resolve("x.npy"), NpyBytes.floats(new float[] {0.5f, 0.75f, 0, 0, 1, 0, 0.9f, 0}, 2, 2, 2));
        for (String method : List.of("ibp", "crown-ibp", "crown", "alpha-crown")) {
            Path rows = folder.resolve(method + ".jsonl");
            done("verify", model, "--data", images, "--epsilon", "0.1", "--method", method, "--out", rows, "--device", "cpu");
            List<String> lines = Files.readAllLines(rows);
            assertTrue(lines.get(0).contains("\"label\":1,") && lines.get(0).contains("\"certified\":true"), lines.get(0));
            assertTrue(lines.get(1).contains("\"label\":0,") && lines.get(1).contains("\"certified\":false"), lines.get(1));
        }
        Path attacked = folder.resolve("a.jsonl");
        done("attack", model, "--data", images, "--epsilon", "0.1", "--steps", 4, "--restarts", 1, "--out", attacked, "--device", "cpu");
        assertTrue(Files.readAllLines(attacked).get(1).contains("\"broken\":true"));
        done("certify", model, "--data", images, "--sigma", "0.1", "--n", 50, "--out", folder.resolve("c.tsv"), "--device", "cpu");
    }

    @Test
    void givenImagesOfMoreClasses_whenUsed_thenTheMessageCountsThemAsOneDoes() throws IOException {
        Path model = folder.resolve("one.onnx");
        ModelFile.writeOnnx(model, Graph.sequence(Shape.of(4), List.of(new Op.Dense(Tensor.zeros(1, 4), Tensor.zeros(1)))), Map.of());
        Path images = Files.write(folder.resolve("x.npy"), NpyBytes.floats(new float[8], 2, 2, 2));
        Path labels = Files.write(folder.resolve("y.npy"), NpyBytes.labels(0, 1));
        fails(3, "has 1 class, but the images of x.npy are 1 x 2 x 2 of 2 classes: name", "verify", model, "--data", images,
                "--labels", labels, "--epsilon", "0.1", "--out", folder.resolve("r"), "--device", "cpu");
    }

    @Test
    void givenANetwork_whenInspected_thenATableAndHowItIsComputed() throws IOException {
        Outcome table = done("inspect", perceptron());
        assertTrue(table.out().startsWith("inputs [784], 10 outputs, weights F16, sha256 "), table.out());
        List<String> lines = table.out().lines().map(line -> line.strip().replaceAll(" +", " ")).toList();
        assertEquals("operation output parameters multiply-adds name", lines.get(1));
        assertEquals("0 Dense [12] 9,420 9,408 Dense 0", lines.get(2));
        assertEquals("all 9,550 9,528", lines.get(5));
        assertTrue(lines.contains("metadata seed: 1"), table.out());
        assertEquals("computed by kernels of its own in certify, predict and attack", lines.get(lines.size() - 1));
        Path scaled = folder.resolve("scaled.onnx");
        ModelFile.writeOnnx(scaled, Graph.sequence(Shape.of(6),
                List.of(Op.Scale.by(Tensor.vector(1, 2, 3, 4, 5, 6), Tensor.zeros(6)),
                new Op.Sigmoid())), Map.of("note", "a\u001b[31m"));
        Outcome other = done("inspect", scaled);
        assertTrue(other.out().contains("metadata note: a?[31m"), other.out());
        assertTrue(other.out().contains("omputed"), other.out());
        assertTrue(other.out().replaceAll(" +", " ").contains("0 Scale [6] 6 0"), other.out());
        Path sigmoids = folder.resolve("sigmoids.onnx");
        ModelFile.writeOnnx(sigmoids, Graph.sequence(Shape.of(4), List.of(new Op.Dense(Tensor.zeros(3, 4), Tensor.zeros(3)),
                new Op.Sigmoid(), new Op.Dense(Tensor.zeros(2, 3), Tensor.zeros(2)))), Map.of());
        List<String> said = done("inspect", sigmoids).out().lines().toList();
        List<String> end = said.subList(said.indexOf("computed in fp32, step by step"), said.size());
        assertTrue(end.get(1).startsWith("kernels of their own have dense layers"), end.toString());
        assertTrue(end.get(2).startsWith("and, but for attacks on a GPU, "), end.toString());
        assertEquals(3, end.size());
    }
}

package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.onnx.OnnxBuilder;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code verify MODEL --vnnlib P}: the first line is the answer. */
class PropertyAnswerTest {

    private static final String BOX = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
            + "(assert (and (<= X_0 0.75) (>= X_0 0.5) (<= X_1 0.25) (>= X_1 0.125)))";

    @TempDir
    private Path folder;
    private Path model;
    private final StringWriter out = new StringWriter();

    /** y = x. */
    @BeforeEach
    void writeModel() {
        model = folder.resolve("m.onnx");
        ModelFile.writeOnnx(model, Graph.sequence(Shape.of(2), List.of(new Op.Dense(Tensor.of(Shape.of(2, 2), 1, 0, 0, 1),
                Tensor.zeros(2)))), Map.of());
    }

    private Path property(String asserts) throws IOException {
        return Files.writeString(folder.resolve("p.vnnlib"), BOX + asserts);
    }

    private String run(int code, Object... arguments) {
        StringWriter err = new StringWriter();
        String[] words = Stream.concat(Arrays.stream(arguments), Stream.of("--device", "cpu")).map(Object::toString).toArray(String[]::new);
        assertEquals(code, Main.run(words, new PrintWriter(out, true), new PrintWriter(err, true)), err.toString());
        return err.toString().strip();
    }

    @Test
    void givenAPropertyThatHolds_whenVerified_thenTheAnswerIsUnsat() throws IOException {
        assertEquals("", run(0, "verify", model, "--vnnlib", property("(assert (>= Y_1 Y_0))")));
        assertEquals("unsat\n", out.toString());
    }

    @Test
    void givenAPropertyThatFails_whenVerified_thenACounterexampleFollows() throws IOException {
        Path file = folder.resolve("answer.txt");
        run(0, "verify", model, "--vnnlib", property("(assert (<= Y_1 0.125))(assert (>= Y_0 0.75))"), "--timeout", 60, "--out", file);
        assertEquals("sat\n((X_0 0.75)\n (X_1 0.125)\n (Y_0 0.75)\n (Y_1 0.125))\n", out.toString());
        assertEquals(out.toString(), Files.readString(file));
        assertTrue(run(2, "verify", model, "--vnnlib", property(""), "--out", file).endsWith(
                file + " exists: name another file, or throw it away with --overwrite"));
        run(0, "verify", model, "--vnnlib", property("(assert (>= Y_1 Y_0))"), "--out", file, "--overwrite");
        assertEquals("unsat\n", Files.readString(file));
    }

    /** sin-like: 16 bends in the box, under which a line lies far below the least value. */
    private Path waves() {
        int bends = 16;
        float[] rises = new float[bends];
        float[] starts = new float[bends];
        float[] turns = new float[bends];
        for (int k = 0; k < bends; ++k) {
            rises[k] = 1;
            starts[k] = -0.5f - 0.25f * k / bends;
            turns[k] = k == 0 ? 1 : k % 2 == 0 ? 2 : -2;
        }
        Path file = folder.resolve("waves.onnx");
        ModelFile.writeOnnx(file, Graph.sequence(Shape.of(1), List.of(
                new Op.Dense(Tensor.of(Shape.of(bends, 1), rises), Tensor.of(Shape.of(bends), starts)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(1, bends), turns), Tensor.zeros(1)))), Map.of());
        return file;
    }

    @Test
    void givenALimitOfDomains_whenItIsReached_thenTheAnswerIsUnknownAndOnTheErrorStreamWhy() throws IOException {
        Path asked = Files.writeString(folder.resolve("p.vnnlib"), "(declare-const X_0 Real)(declare-const Y_0 Real)"
                + "(assert (and (<= X_0 0.75) (>= X_0 0.5)))(assert (<= Y_0 -0.0001))");
        String why = run(0, "verify", waves(), "--vnnlib", asked, "--max-domains", 1).replaceAll("\\s+", " ");
        assertEquals("unknown\n", out.toString());
        assertTrue(why.startsWith("unknown: ") && why.contains("the limit of 1 domains is reached"), why);
        out.getBuffer().setLength(0);
        run(0, "verify", waves(), "--vnnlib", asked, "--max-domains", 1000);
        assertEquals("unsat\n", out.toString());
        assertEquals("bulwark: --max-domains must be at least 1: 0", run(2, "verify", model, "--vnnlib", asked, "--max-domains", 0));
    }

    @Test
    void givenAFileThatIsNoAnswer_whenVerifiedToReplaceIt_thenItStaysAsItIs() throws IOException {
        Path asked = property("(assert (>= Y_1 Y_0))");
        Path link = Files.createSymbolicLink(folder.resolve("link"), asked);
        Path dots = folder.resolve("x").resolveSibling(".").resolve("m.onnx");
        Path notes = Files.writeString(folder.resolve("notes"), "satisfied\nwith this\n");
        Path empty = Files.createFile(folder.resolve("empty"));
        for (Path taken : List.of(model, dots, asked, link, notes)) {
            byte[] before = Files.readAllBytes(taken);
            String refused = run(2, "verify", model, "--vnnlib", asked, "--out", taken, "--overwrite");
            assertTrue(refused.startsWith("bulwark: --out " + taken + " is ") && refused.contains(": "), refused);
            assertArrayEquals(before, Files.readAllBytes(taken));
        }
        assertEquals("", out.toString(), "nothing is computed");
        run(0, "verify", model, "--vnnlib", asked, "--out", empty, "--overwrite");
        for (String earlier : List.of("unsat", "sat\n((X_0 1))\n", "unknown\n", "timeout\n")) {
            Files.writeString(empty, earlier);
            run(0, "verify", model, "--vnnlib", asked, "--out", empty, "--overwrite");
            assertEquals("unsat\n", Files.readString(empty));
        }
    }

    @Test
    void givenNoTime_whenVerified_thenTheAnswerIsTimeout() throws IOException {
        run(0, "verify", model, "--vnnlib", property("(assert (>= Y_1 Y_0))"), "--timeout", "1e-9");
        assertEquals("timeout\n", out.toString());
    }

    /** The time counts from the start: reading a pipe to which nothing is written never ends. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void givenAPropertyThatTakesLongerToRead_whenVerified_thenTheAnswerIsTimeout() throws Exception {
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no named pipes");
        Path file = folder.resolve("answer");
        try {
            run(0, "verify", model, "--vnnlib", pipe, "--timeout", "0.2", "--out", file);
        } finally {
            Files.writeString(pipe, ""); // ends the reader that was left behind
        }
        assertEquals("timeout\n", out.toString());
        assertEquals("timeout\n", Files.readString(file));
    }

    /** {@code (x + 2^25) - 2^25} is 0 in floats, and x in exact arithmetic. */
    @Test
    void givenACounterexampleThatRoundingAloneMakes_whenVerified_thenItIsSatAndExactArithmeticIsSaidNotToConfirmIt()
            throws IOException {
        Path rounding = folder.resolve("rounding.onnx");
        ModelFile.writeOnnx(rounding, Graph.sequence(Shape.of(2), List.of(
                new Op.Dense(Tensor.of(Shape.of(2, 2), 1, 0, 0, 1), Tensor.of(Shape.of(2), 0x1p25f, 0x1p25f)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(2, 2), 1, 0, 0, 1), Tensor.of(Shape.of(2), -0x1p25f, -0x1p25f)))), Map.of());
        Path file = folder.resolve("answer");
        String said = run(0, "verify", rounding, "--vnnlib", property("(assert (<= Y_0 0.1))"), "--out", file)
                .replaceAll("\\s+", " ");
        assertTrue(out.toString().startsWith("sat\n((X_0 "), out.toString());
        assertTrue(said.contains("exact arithmetic does not confirm it"), said);
        assertEquals(out + "; exact arithmetic does not confirm this counterexample\n", Files.readString(file));
    }

    /** The box has no floats. A float pass takes the nearest, 0.69999999; exact arithmetic takes the decimals as they are. */
    @Test
    void givenACounterexampleBetweenFloats_whenVerified_thenExactArithmeticTakesItsDecimals() throws IOException {
        String box = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
                + "(assert (and (<= X_0 0.70000000001) (>= X_0 0.7) (<= X_1 0) (>= X_1 0)))";
        Path asked = folder.resolve("p.vnnlib");
        Files.writeString(asked, box + "(assert (<= Y_0 0.7000000001))");
        assertEquals("", run(0, "verify", model, "--vnnlib", asked, "--timeout", 60));
        Files.writeString(asked, box + "(assert (<= Y_0 0.6999999999))");
        assertTrue(run(0, "verify", model, "--vnnlib", asked, "--timeout", 60).replaceAll("\\s+", " ")
                .contains("exact arithmetic does not confirm it"));
        assertEquals(2, out.toString().split("sat\n\\(\\(X_0 0.7").length - 1, out.toString());
    }

    @Test
    void givenWhatMakesNoSense_whenVerified_thenOneLineSaysSo() throws IOException {
        Path good = property("(assert (>= Y_1 Y_0))");
        assertEquals("bulwark: --vnnlib says all that is asked, and takes no --epsilon, --limit: drop them",
                run(2, "verify", model, "--vnnlib", good, "--epsilon", "0.1", "--limit", 3));
        assertEquals("bulwark: --timeout must be a number of seconds above 0: 0.0",
                run(2, "verify", model, "--vnnlib", good, "--timeout", 0));
        assertTrue(run(2, "verify", "--vnnlib", good).startsWith("bulwark: --vnnlib is about a network: name its file"));
        assertEquals("bulwark: --timeout belongs to --method exact or cascade and to --vnnlib: choose one of them, or drop it",
                run(2, "verify", model, "--epsilon", "0.1", "--method", "crown", "--out", folder.resolve("f"), "--timeout", 3));
        assertTrue(run(2, "verify", model, "--out", folder.resolve("f")).contains("--epsilon"));
        Path bad = Files.writeString(folder.resolve("bad.vnnlib"), BOX + "\n(assert (<= Y_7 0))");
        assertEquals("bulwark: " + bad + ": line 2: Y_7 was not declared", run(3, "verify", model, "--vnnlib", bad));
        Path other = Files.writeString(folder.resolve("other.vnnlib"),
                "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (and (<= X_0 1)(>= X_0 0)(<= Y_0 0)))");
        assertEquals("bulwark: " + other + ": it declares 1 inputs and 1 outputs, but " + model + " takes 2 and makes 2",
                run(3, "verify", model, "--vnnlib", other));
        assertEquals("", out.toString());
    }

    /** Its logits have the classes' order, and not the values that a property compares with numbers. */
    @Test
    void givenANetworkThatEndsInASoftmax_whenVerified_thenItIsRefused() throws IOException {
        Path softmax = Files.write(folder.resolve("s.onnx"), new OnnxBuilder(13).input(1, 2).weight("w", 2, 2)
                .then("MatMul", OnnxBuilder.of("w")).then("Softmax").bytes());
        assertTrue(run(3, "verify", softmax, "--vnnlib", property("(assert (>= Y_1 0.9))")).contains(
                "the file ends in a softmax"));
        assertEquals("", out.toString());
    }
}

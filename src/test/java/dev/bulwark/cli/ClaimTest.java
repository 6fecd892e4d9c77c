package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.bounds.Claim;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.onnx.OnnxBuilder;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RowFile;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code verify --claim}. */
class ClaimTest {

    @TempDir
    private Path folder;
    private Path rows;
    private Path data;
    private Path labels;

    @BeforeEach
    void writeImages() throws IOException {
        rows = folder.resolve("rows.jsonl");
        data = Files.write(folder.resolve("x.npy"), NpyBytes.floats(new float[] {0.25f, 0.5f, 0.75f, 0.5f}, 2, 1, 2));
        labels = Files.write(folder.resolve("y.npy"), NpyBytes.labels(new int[] {1, 1}));
    }

    private String run(int code, Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = Stream.concat(Arrays.stream(arguments), Stream.of("--device", "cpu")).map(Object::toString).toArray(String[]::new);
        assertEquals(code, Main.run(words, new PrintWriter(out, true), new PrintWriter(err, true)), err.toString());
        return code == 0 ? out.toString() : err.toString().strip();
    }

    private String verify(int code, Path model, Object... more) {
        return run(code, Stream.concat(Stream.of("verify", model, "--data", data, "--labels", labels, "--epsilon", 0.1, "--out", rows,
                "--quiet"), Arrays.stream(more)).toArray());
    }

    private Path model(Op... ops) {
        Path model = folder.resolve("m.onnx");
        ModelFile.writeOnnx(model, Graph.sequence(Shape.of(2), List.of(ops)), Map.of());
        return model;
    }

    /** Logit 1 leads by 1/2 in real numbers; omega + 1 - omega is 0 in some float evaluations. */
    private Path detector() {
        return model(new Op.Dense(Tensor.zeros(3, 2), Tensor.vector(1, 1, 1)), new Op.Relu(),
                new Op.Dense(Tensor.of(Shape.of(2, 3), 0, 0, 0, 0x1p24f, 1, -0x1p24f), Tensor.vector(0.5f, 0)));
    }

    private Path ordinary() {
        return model(new Op.Dense(Tensor.of(Shape.of(2, 2), 0, 0, 0.25f, 0.25f), Tensor.vector(0, 1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"crown-ibp", "crown", "alpha-crown", "exact"})
    void givenADetector_whenVerified_thenCertifiedAsRealAndNotAsDeployed(String method) throws IOException {
        verify(0, detector(), "--method", method, "--claim", "real", "--limit", 1);
        List<BoundsRow> real = RowFile.read(rows, BoundsRow.FORMAT);
        assertTrue(real.get(0).certified() && real.get(0).speaksOf() == Claim.REAL);
        // The float pass gets it wrong, which is a difference of claims here and a failure below, were it certified.
        verify(0, detector(), "--method", method, "--claim", "deployed", "--limit", 1, "--overwrite");
        BoundsRow deployed = RowFile.read(rows, BoundsRow.FORMAT).get(0);
        assertTrue(!deployed.certified() && deployed.speaksOf() == Claim.DEPLOYED);
        deployed.witness().ifPresent(witness -> assertEquals(2, witness.length));
    }

    @Test
    void givenAnOrdinaryNetwork_whenClaimedOfEvaluations_thenCertifiedAndTheRecordSaysWhatOf() throws IOException {
        String said = verify(0, ordinary(), "--claim", "deployed");
        assertTrue(said.contains("2 of 2 images certified") && said.contains("every float32 evaluation"), said);
        JsonNode record = new ObjectMapper().readTree(Path.of(rows + ".run.json").toFile());
        assertEquals("deployed", record.at("/identity/claim").asText());
        assertTrue(record.path("claim_covers").asText().contains("not tf32"));
    }

    @Test
    void givenRowsOfOneClaim_whenResumedWithAnother_thenRefusedAndTheRowsStay() throws IOException {
        Path model = ordinary();
        for (String[] claims : new String[][] {{"real", "deployed"}, {"deployed", "real"}}) {
            verify(0, model, "--claim", claims[0], "--limit", 1, "--overwrite");
            byte[] before = Files.readAllBytes(rows);
            String refused = verify(2, model, "--claim", claims[1], "--limit", 1, "--resume");
            assertTrue(refused.contains("can't resume"), refused);
            assertArrayEquals(before, Files.readAllBytes(rows));
            verify(0, model, "--claim", claims[0], "--limit", 1, "--resume");
        }
    }

    @Test
    void givenAClaimThatThereIsNot_whenVerified_thenUsage() {
        assertTrue(verify(2, ordinary(), "--claim", "floats").contains("real or deployed"));
    }

    @Test
    void givenWhatFloatsEvaluateOtherwise_whenClaimedOfEvaluations_thenRefusedWithTheReason() throws IOException {
        assertTrue(verify(2, model(new Op.Dense(Tensor.zeros(2, 2), Tensor.zeros(2)), new Op.Sigmoid()), "--claim", "deployed")
                .contains("sigmoid"));
        Path softmax = Files.write(folder.resolve("s.onnx"), new OnnxBuilder(13).input(1, 2).weight("w", 2, 2)
                .then("MatMul", OnnxBuilder.of("w")).then("Softmax").bytes());
        assertTrue(verify(2, softmax, "--claim", "deployed").contains("softmax"));
        Path factor = Files.write(folder.resolve("g.onnx"), new OnnxBuilder(13).input(1, 2).weight("w", 2, 2)
                .then("Gemm", OnnxBuilder.of("w"), OnnxBuilder.attribute("alpha", 0.5f)).bytes());
        assertTrue(verify(2, factor, "--claim", "deployed").contains("factors"));
        Path sum = Files.write(folder.resolve("n.onnx"), new OnnxBuilder(13).input(1, 2).weight("w", 2, 2).weight("a", 2)
                .weight("b", 2).then("MatMul", OnnxBuilder.of("w")).then("Sum", OnnxBuilder.of("a", "b")).bytes());
        String refused = verify(2, sum, "--claim", "deployed");
        assertTrue(refused.contains("adds more than two values by one Sum"), refused);
        verify(0, factor, "--claim", "real");
        verify(0, sum, "--claim", "real", "--overwrite");
    }

    @Test
    void givenAPropertyOfADetector_whenVerified_thenUnsatAsRealAndNotAsDeployed() throws IOException {
        Path property = Files.writeString(folder.resolve("p.vnnlib"), "(declare-const X_0 Real)(declare-const X_1 Real)"
                + "(declare-const Y_0 Real)(declare-const Y_1 Real)(assert (and (<= X_0 0.75) (>= X_0 0.5) (<= X_1 0.25) (>= X_1 0.125)))"
                + "(assert (>= Y_0 Y_1))");
        // A float pass of this one may or may not break, by its order; bounds must not prove it.
        String deployed = run(0, "verify", detector(), "--vnnlib", property, "--claim", "deployed", "--timeout", 60);
        assertTrue(deployed.startsWith("sat") || deployed.startsWith("unknown"), deployed);
        assertTrue(run(0, "verify", ordinary(), "--vnnlib", property, "--claim", "deployed").startsWith("unsat"));
    }
}

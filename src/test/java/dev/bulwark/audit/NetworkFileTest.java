package dev.bulwark.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.DoubleGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks as the checker reads them from the files that the program writes. */
class NetworkFileTest {

    @TempDir
    private Path folder;

    /** Strides, dilations, groups and paddings that differ from side to side, in front of a dense layer. */
    private static Graph graph(SplittableRandom random) {
        Windows first = new Windows(new Windows.Axis(2, 2, 1, 0, 1), new Windows.Axis(3, 1, 0, 2, 2));
        Windows second = Windows.square(2, 1, 1);
        Op.Conv2d a = new Op.Conv2d(Tensor.of(Shape.of(4, 1, 2, 3), Mlp.values(random, 24, -1, 1)), Tensor.of(Shape.of(4),
                Mlp.values(random, 4, -1, 1)), first, 2);
        Op.Conv2d b = new Op.Conv2d(Tensor.of(Shape.of(3, 4, 2, 2), Mlp.values(random, 48, -1, 1)), Tensor.of(Shape.of(3),
                Mlp.values(random, 3, -1, 1)), second, 1);
        Shape input = Shape.of(2, 5, 6);
        int size = b.outputShape(List.of(a.outputShape(List.of(input)))).size();
        return Graph.sequence(input, List.of(a, new Op.Relu(), b, new Op.Relu(), new Op.Flatten(),
                Mlp.dense(size, 3, Mlp.values(random, 3 * size, -1, 1), Mlp.values(random, 3, -1, 1))));
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void givenConvolutionsOfAnyGeometry_whenRead_thenTheyComputeTheSame(Precision precision) throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        Path file = folder.resolve("n.safetensors");
        Graph exact = graph(random);
        if (precision == Precision.F16 || precision == Precision.BF16) {
            exact = rounded(exact);
        }
        ModelFile.write(file, exact, precision, Map.of());
        Network network = NetworkFile.read(file);
        assertEquals(ModelFile.read(file).sha256(), network.sha256());
        for (int k = 0; k < 10; ++k) {
            float[] x = Mlp.values(random, 60, 0, 1);
            double[] point = new double[60];
            Arrays.setAll(point, i -> x[i]);
            Interval h = new Interval(point, point);
            for (int layer = 0; layer < network.layers().size(); ++layer) {
                h = network.layers().get(layer).bounds(layer == 0 ? h : h.relu());
            }
            double[] logits = DoubleGraph.logits(exact, x);
            for (int c = 0; c < 3; ++c) {
                assertTrue(h.lower()[c] <= logits[c] + 1e-12 && logits[c] - 1e-12 <= h.upper()[c]);
                assertEquals(h.lower()[c], h.upper()[c], 1e-10);
            }
        }
    }

    /** A graph whose weights the precision holds: small multiples of 1 / 64. */
    private static Graph rounded(Graph graph) {
        List<Op> ops = graph.nodes().stream().map(Graph.Node::op).map(op -> op instanceof Op.Conv2d of
                ? new Op.Conv2d(coarse(of.weight()), coarse(of.bias()), of.windows(), of.groups())
                : op instanceof Op.Dense of ? new Op.Dense(coarse(of.weight()), coarse(of.bias())) : op).toList();
        return Graph.sequence(graph.input(), ops);
    }

    private static Tensor coarse(Tensor of) {
        float[] values = of.toArray();
        for (int k = 0; k < values.length; ++k) {
            values[k] = Math.round(values[k] * 64) / 64f;
        }
        return Tensor.of(of.shape(), values);
    }

    @Test
    void givenFilesThatItDoesNotRead_whenRead_thenOneLineSaysWhatToDo() throws IOException {
        for (byte[] content : List.of(new byte[0], new byte[100], "no network at all, only a text".getBytes())) {
            Path file = Files.write(folder.resolve("x"), content);
            String message = assertThrows(AuditException.class, () -> NetworkFile.read(file)).getMessage();
            assertTrue(message.contains("bulwark convert") && message.lines().count() == 1, message);
        }
        Path other = folder.resolve("y.safetensors");
        ModelFile.write(other, Mlp.random(new SplittableRandom(1), 1, 2, 2), Precision.F32, Map.of());
        byte[] bytes = Files.readAllBytes(other);
        String text = new String(bytes, StandardCharsets.ISO_8859_1).replace("layers.0.weight", "layer10.weight!");
        Files.write(other, text.getBytes(StandardCharsets.ISO_8859_1));
        assertThrows(AuditException.class, () -> NetworkFile.read(other));
        Files.write(other, Arrays.copyOf(bytes, bytes.length - 1));
        assertThrows(AuditException.class, () -> NetworkFile.read(other));
    }
}

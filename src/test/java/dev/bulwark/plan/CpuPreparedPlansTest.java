package dev.bulwark.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuPreparedPlansTest extends PreparedPlansContract {

    private static final int MOST = 300;

    @Override
    protected Backend open() {
        return CpuBackend.create();
    }

    private static Op.Dense dense(SplittableRandom random, int in, int out) {
        return Mlp.dense(in, out, Mlp.values(random, in * out, -0.1, 0.1), Mlp.values(random, out, -0.1, 0.1));
    }

    private static Graph perceptron() {
        SplittableRandom random = new SplittableRandom(5);
        return Graph.sequence(Shape.of(784), List.of(dense(random, 784, 1024), new Op.Relu(), dense(random, 1024, 333), new Op.Relu(),
                dense(random, 333, 10)));
    }

    private static Graph convolutions() {
        SplittableRandom random = new SplittableRandom(6);
        Op.Conv2d wide = new Op.Conv2d(Tensor.of(Shape.of(16, 1, 7, 7), Mlp.values(random, 16 * 49, -0.2, 0.2)),
                Tensor.of(Shape.of(16), Mlp.values(random, 16, -0.1, 0.1)), Windows.square(7, 3, 0), 1);
        Op.Conv2d narrow = new Op.Conv2d(Tensor.of(Shape.of(20, 16, 3, 3), Mlp.values(random, 20 * 16 * 9, -0.1, 0.1)),
                Tensor.of(Shape.of(20), Mlp.values(random, 20, -0.1, 0.1)), Windows.square(3, 1, 1), 1);
        return Graph.sequence(Shape.of(1, 28, 28), List.of(wide, new Op.Relu(), narrow, new Op.Relu(), new Op.Flatten(),
                dense(random, 1280, 512), new Op.Relu(), dense(random, 512, 10)));
    }

    /** So an attack's answers depend on no batch, and on no images that have left it. */
    @ParameterizedTest
    @ValueSource(strings = {"FLOAT32", "FASTEST"})
    void givenABatchOfAnySize_whenDifferentiated_thenEveryRowHasTheSameBits(String precision) {
        try (CpuBackend cpu = precision.equals("FASTEST") ? CpuBackend.create() : CpuBackend.create(Precision.FLOAT32)) {
            for (Graph graph : List.of(perceptron(), convolutions())) {
                requireSameRows(cpu, graph);
            }
        }
    }

    private static void requireSameRows(Backend cpu, Graph graph) {
        int inputs = graph.input().size();
        int classes = graph.classes();
        SplittableRandom random = new SplittableRandom(7);
        float[] x = Mlp.values(random, MOST * inputs, 0, 1);
        float[] up = Mlp.values(random, MOST * classes, -1, 1);
        try (Plan plan = Plan.load(cpu, graph); DeviceMemory memory = new DeviceMemory(cpu);
             InputGradients prepared = plan.inputGradients(memory, MOST)) {
            float[][] whole = differentiated(cpu, prepared, memory, x, up);
            for (int rows : new int[] {1, 2, 9, 23, 45, 89, 130, 257, MOST}) {
                float[][] part = differentiated(cpu, prepared, memory, Arrays.copyOf(x, rows * inputs), Arrays.copyOf(up, rows * classes));
                assertArrayEquals(Arrays.copyOf(whole[0], rows * classes), part[0], rows + " rows' logits");
                assertArrayEquals(Arrays.copyOf(whole[1], rows * inputs), part[1], rows + " rows' gradients");
            }
        }
    }

    private static float[][] differentiated(Backend cpu, InputGradients prepared, DeviceMemory memory, float[] x, float[] up) {
        int rows = up.length / 10;
        DeviceBuffer logits = memory.allocate(up.length);
        DeviceBuffer gradients = memory.allocate(x.length);
        prepared.forward(memory.holding(x), rows, logits);
        prepared.backward(memory.holding(up), rows, gradients);
        float[][] found = {new float[up.length], new float[x.length]};
        cpu.read(logits, found[0]);
        cpu.read(gradients, found[1]);
        return found;
    }
}

package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Plan;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleBiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InputGradientTest {

    private static final int INPUTS = 4;
    private static final int ROWS = 6;

    private final Backend backend = CpuBackend.create(Precision.FLOAT32);

    @AfterEach
    void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    @ParameterizedTest
    @EnumSource
    void gradientAgreesWithCentralDifferences(AttackLoss loss) {
        SplittableRandom random = new SplittableRandom(11);
        Graph net = HostNetwork.random(random, 1, INPUTS, 9, 7, 3);
        float[] images = HostNetwork.values(random, ROWS * INPUTS, 0, 1);
        int[] labels = random.ints(ROWS, 0, 3).toArray();
        float[] gradient = gradient(net, images, labels, loss);
        ToDoubleBiFunction<double[], Integer> value = value(loss);
        for (int n = 0; n < ROWS; ++n) {
            double[] expected = centralDifferences(net, HostNetwork.row(images, n, INPUTS), labels[n], value);
            double steepest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            assertArrayEquals(expected, HostNetwork.row(gradient, n, INPUTS), 1e-5 * (1 + steepest));
        }
    }

    /** With three classes, toward the one behind the label. */
    private static ToDoubleBiFunction<double[], Integer> value(AttackLoss loss) {
        return switch (loss) {
            case CROSS_ENTROPY -> HostNetwork::crossEntropy;
            case MARGIN -> HostNetwork::margin;
            case DLR -> (logits, label) -> HostNetwork.margin(logits, label) / spread(logits);
            case TARGETED_MARGIN -> (logits, label) -> logits[(label + 1) % 3] - logits[label];
            case TARGETED_DLR -> (logits, label) -> (logits[(label + 1) % 3] - logits[label]) / spread(logits);
        };
    }

    private static double spread(double[] logits) {
        return Arrays.stream(logits).max().orElseThrow() - Arrays.stream(logits).min().orElseThrow();
    }

    private float[] gradient(Graph net, float[] images, int[] labels, AttackLoss loss) {
        try (Plan network = Plan.load(backend, net);
             DeviceMemory memory = new DeviceMemory(backend);
             InputGradient pass = new InputGradient(memory, network, ROWS)) {
            DeviceBuffer x = memory.holding(images);
            DeviceBuffer y = memory.holding(labels);
            pass.setRows(ROWS);
            pass.forward(x, ROWS);
            float[] gradient = new float[images.length];
            DeviceBuffer targets = memory.holding(Arrays.stream(labels).map(label -> (label + 1) % 3).toArray());
            backend.read(pass.backward(loss, y, Optional.of(targets), ROWS), gradient);
            return gradient;
        }
    }

    private static double[] centralDifferences(Graph net, double[] x, int label,
                                               ToDoubleBiFunction<double[], Integer> loss) {
        double step = 1e-6;
        double[] gradient = new double[x.length];
        for (int k = 0; k < x.length; ++k) {
            double[] ahead = x.clone();
            double[] behind = x.clone();
            ahead[k] += step;
            behind[k] -= step;
            gradient[k] = (loss.applyAsDouble(HostNetwork.logits(net, ahead), label)
                    - loss.applyAsDouble(HostNetwork.logits(net, behind), label)) / (2 * step);
        }
        return gradient;
    }
}

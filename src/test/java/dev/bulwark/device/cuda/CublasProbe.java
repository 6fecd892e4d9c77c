package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.ComposedTrainingOperations;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.IntervalLayer.Spread;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.device.TrainingOperations;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A process of its own for {@link CublasTest}: which cuBLAS is found is settled once a process. Prints what the backend
 * computes with, then a line for each product: its name and the largest error against a sum in double; and one for a layer
 * in training, its error against separate operations.
 */
final class CublasProbe {

    private static final int M = 5;
    private static final int N = 7;
    private static final int K = 3;

    private CublasProbe() {
    }

    public static void main(String[] args) {
        try (CudaBackend backend = TestGpu.open()) {
            new TreeMap<>(backend.info().libraries()).forEach((what, how) -> System.out.println(what + ": " + how));
            for (int transposes = 0; transposes < 4; ++transposes) {
                multiply(backend, (transposes & 1) != 0, (transposes & 2) != 0);
            }
            affine(backend);
            training(backend);
        }
    }

    /** A layer forwards and backwards: what shares a launch among own kernels are calls one by one here. */
    private static void training(CudaBackend backend) {
        float[] fused = throughALayer(backend, backend.trainingOperations());
        float[] composed = throughALayer(backend, new ComposedTrainingOperations(backend));
        double error = 0;
        for (int i = 0; i < fused.length; ++i) {
            error = Math.max(error, Math.abs(fused[i] - composed[i]));
        }
        System.out.println("training " + error);
    }

    /** Gradients of a second layer and of what it was given, with N inputs and K outputs, behind a first with M inputs. */
    private static float[] throughALayer(CudaBackend backend, TrainingOperations operations) {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            IntervalLayer first = layer(memory, M, N);
            IntervalLayer second = layer(memory, N, K);
            BoxRows x = boxes(memory, M, 5);
            Hidden hidden = new Hidden(boxes(memory, N, 6), boxes(memory, N, 7), Optional.empty());
            BoxRows below = boxes(memory, N, 8);
            operations.forward(first, x, hidden);
            operations.forward(second, hidden.after(), boxes(memory, K, 9));
            operations.backward(second, hidden, boxes(memory, K, 10), below);
            operations.parameterGradient(first, x, below);
            return concatenated(backend, below.points(), below.radius(), first.gradient().weight(),
                    first.gradient().bias(), second.gradient().weight(), second.gradient().bias());
        }
    }

    private static IntervalLayer layer(DeviceMemory memory, int in, int out) {
        Affine affine = new Affine(owned(memory, in * out, 1), owned(memory, out, 2), in, out);
        Affine gradient = new Affine(owned(memory, in * out, 3), owned(memory, out, 4), in, out);
        return IntervalLayer.allocate(memory, affine, gradient, Spread.OUTPUTS);
    }

    /** Three clean rows and two boxes. */
    private static BoxRows boxes(DeviceMemory memory, int columns, int matrix) {
        return new BoxRows(owned(memory, 5 * columns, matrix), owned(memory, 2 * columns, matrix + 10), 3, 2,
                columns);
    }

    private static DeviceBuffer owned(DeviceMemory memory, int length, int matrix) {
        return memory.holding(values(length, matrix));
    }

    private static float[] concatenated(CudaBackend backend, DeviceBuffer... buffers) {
        int length = Stream.of(buffers).mapToInt(buffer -> (int) buffer.length()).sum();
        float[] all = new float[length];
        int at = 0;
        for (DeviceBuffer buffer : buffers) {
            float[] part = new float[(int) buffer.length()];
            backend.read(buffer, part);
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static void multiply(CudaBackend backend, boolean ta, boolean tb) {
        try (DeviceBuffer a = filled(backend, M * K, 1); DeviceBuffer b = filled(backend, K * N, 2);
             DeviceBuffer c = filled(backend, M * N, 3)) {
            backend.linear().multiply(ta, tb, M, N, K, a, b, 0.5f, c);
            float[] actual = new float[M * N];
            backend.read(c, actual);
            double error = 0;
            for (int i = 0; i < M * N; ++i) {
                double sum = 0.5 * value(3, i);
                for (int p = 0; p < K; ++p) {
                    sum += (double) value(1, ta ? p * M + i / N : i / N * K + p)
                            * value(2, tb ? i % N * K + p : p * N + i % N);
                }
                error = Math.max(error, Math.abs(sum - actual[i]));
            }
            System.out.println("multiply " + ta + " " + tb + " " + error);
        }
    }

    private static void affine(CudaBackend backend) {
        try (DeviceBuffer x = filled(backend, M * K, 1); DeviceBuffer w = filled(backend, N * K, 2);
             DeviceBuffer b = filled(backend, N, 3); DeviceBuffer y = backend.allocate(M * N)) {
            backend.fill(y, Float.NaN);
            backend.linear().affine(x, M, new Affine(w, b, K, N), true, y);
            float[] actual = new float[M * N];
            backend.read(y, actual);
            double error = 0;
            for (int i = 0; i < M * N; ++i) {
                double sum = value(3, i % N);
                for (int p = 0; p < K; ++p) {
                    sum += (double) value(1, i / N * K + p) * value(2, i % N * K + p);
                }
                error = Math.max(error, Math.abs(Math.max(sum, 0) - actual[i]));
            }
            System.out.println("affine " + error);
        }
    }

    /** An asymmetric pattern of both signs. */
    private static float value(int matrix, int element) {
        return (float) Math.sin(matrix + 1.7 * element);
    }

    private static DeviceBuffer filled(CudaBackend backend, int length, int matrix) {
        DeviceBuffer buffer = backend.allocate(length);
        backend.write(values(length, matrix), buffer);
        return buffer;
    }

    private static float[] values(int length, int matrix) {
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = value(matrix, i);
        }
        return values;
    }
}

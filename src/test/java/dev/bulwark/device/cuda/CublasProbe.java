package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import java.util.TreeMap;

/**
 * A process of its own for {@link CublasTest}: which cuBLAS is found is settled once a process. Prints what the backend
 * computes with, then a line for each product: its name and the largest error against a sum in double.
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
        }
    }

    private static void multiply(CudaBackend backend, boolean ta, boolean tb) {
        try (DeviceBuffer a = filled(backend, M * K, 1); DeviceBuffer b = filled(backend, K * N, 2);
             DeviceBuffer c = filled(backend, M * N, 3)) {
            backend.multiply(ta, tb, M, N, K, a, b, 0.5f, c);
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
            backend.affine(x, M, new Affine(w, b, K, N), true, y);
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
        float[] values = new float[length];
        for (int i = 0; i < length; ++i) {
            values[i] = value(matrix, i);
        }
        DeviceBuffer buffer = backend.allocate(length);
        backend.write(values, buffer);
        return buffer;
    }
}

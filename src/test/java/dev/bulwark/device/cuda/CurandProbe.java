package dev.bulwark.device.cuda;

import dev.bulwark.bench.BenchNetwork;
import dev.bulwark.bench.BenchSettings;
import dev.bulwark.bench.Benchmark;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.LibraryNormals;
import dev.bulwark.runs.Monitor;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * A process of its own for {@link CurandTest}: whether cuRAND is found is settled once a process. Prints moments of its
 * normals, or why there are none, and then which rates of normals a benchmark has.
 */
final class CurandProbe {

    private CurandProbe() {
    }

    public static void main(String[] args) throws IOException {
        try (CudaBackend backend = TestGpu.open()) {
            try (LibraryNormals normals = backend.libraryNormals().orElseThrow()) {
                moments(backend, normals);
                oddLength(backend, normals);
            } catch (DeviceException e) {
                System.out.println("not used: " + e.getMessage());
            }
            BenchSettings tiny = new BenchSettings(BenchNetwork.dense(List.of(5, 4, 2)), new BenchSettings.Noisy(1, 9),
                    new BenchSettings.Steps(3, 1, 1), new BenchSettings.Alone(9, 16), new BenchSettings.Timing(1, 1e-6));
            new Benchmark(backend, tiny).run(Monitor.SILENT, (name, rate) -> {
                if (name.contains("normals")) {
                    System.out.println(name);
                }
            });
            System.out.println("live bytes: " + backend.liveBytes());
        }
    }

    /** Two calls' normals, each with its own mean and mean square. */
    private static void moments(CudaBackend backend, LibraryNormals normals) {
        float[] before = {};
        for (int call = 0; call < 2; ++call) {
            try (DeviceBuffer target = backend.allocate(20_000)) {
                normals.fill(target);
                float[] z = new float[20_000];
                backend.read(target, z);
                double mean = 0;
                double square = 0;
                for (float value : z) {
                    mean += value / (double) z.length;
                    square += (double) value * value / z.length;
                }
                System.out.println("moments: " + mean + " " + square);
                System.out.println("repeats: " + Arrays.equals(before, z));
                before = z;
            }
        }
    }

    private static void oddLength(CudaBackend backend, LibraryNormals normals) {
        try (DeviceBuffer odd = backend.allocate(31)) {
            normals.fill(odd);
        } catch (DeviceException e) {
            System.out.println("odd length: " + e.getMessage());
        }
    }
}

package dev.bulwark.device.cuda;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The GPU that tests run on: this machine's own, or else the emulated driver, which scripts/test builds. Where there is
 * neither, {@link GpuTest} skips them.
 *
 * <p>{@code -DrequireGpu=true} asks for a real one, and fails without; {@code -Demulated=true} for the emulated one even
 * beside a real one, and {@code -DemulatedDriver=FILE} says where that is.
 */
public final class TestGpu {

    private static final boolean REAL = Boolean.getBoolean("requireGpu")
            || !Boolean.getBoolean("emulated") && Files.exists(Path.of("/dev/nvidiactl"));
    private static final boolean EMULATED = !REAL && EmulatedDriver.isBuilt();

    static {
        if (EMULATED) {
            EmulatedDriver.load();
        }
    }

    private TestGpu() {
    }

    /** Whether there is anything to run on; where a real GPU is required, opening it tells. */
    public static boolean isPresent() {
        return REAL || EMULATED;
    }

    /** Whether tests run on silicon. */
    public static boolean isReal() {
        return REAL;
    }

    /** The first GPU. */
    public static CudaBackend open() {
        return open(CudaOptions.DEFAULT);
    }

    /** The first GPU, used as asked. */
    public static CudaBackend open(CudaOptions options) {
        return CudaBackend.open(0, options);
    }
}

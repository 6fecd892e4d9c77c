package dev.bulwark.device.cuda;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The GPU that tests run on: this machine's own, or else the emulated driver, which scripts/test builds.
 *
 * <p>{@code -DrequireGpu=true} asks for a real one; {@code -Demulated=true} for the emulated one even beside a real one.
 */
public final class TestGpu {

    private static final boolean REAL = findReal();

    private TestGpu() {
    }

    private static boolean findReal() {
        boolean required = Boolean.getBoolean("requireGpu");
        if (!Boolean.getBoolean("emulated") && (required || Files.exists(Path.of("/dev/nvidiactl")))) {
            return true;
        }
        EmulatedDriver.load();
        return false;
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

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The GPU that tests run on: this machine's own, or else the emulated driver, which scripts/test builds. Where there is
 * neither, tests are skipped.
 *
 * <p>{@code -DrequireGpu=true} asks for a real one, and fails without; {@code -Demulated=true} for the emulated one even
 * beside a real one, and {@code -DemulatedDriver=FILE} says where that is.
 */
public final class TestGpu {

    private static final Path EMULATED = Path.of(System.getProperty("emulatedDriver", "target/emulated/libcuda.so.1"));
    private static final boolean REAL = Boolean.getBoolean("requireGpu")
            || !Boolean.getBoolean("emulated") && Files.exists(Path.of("/dev/nvidiactl"));
    private static final boolean PRESENT = REAL || loadEmulated();

    private TestGpu() {
    }

    /** JCuda's library asks for libcuda.so.1: what is loaded under that name already is what it gets. */
    private static boolean loadEmulated() {
        if (!Files.exists(EMULATED)) {
            return false;
        }
        System.load(EMULATED.toAbsolutePath().toString());
        return true;
    }

    /** Whether tests run on silicon. */
    public static boolean isReal() {
        return REAL;
    }

    /** The first GPU; skips the test where there is none, unless one is required. */
    public static CudaBackend open() {
        return open(CudaOptions.DEFAULT);
    }

    /** The first GPU, used as asked. */
    public static CudaBackend open(CudaOptions options) {
        assumeTrue(PRESENT, "no GPU here, and no emulated driver at " + EMULATED + ": scripts/test builds it");
        return CudaBackend.open(0, options);
    }
}

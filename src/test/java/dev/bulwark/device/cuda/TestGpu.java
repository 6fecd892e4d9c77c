package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.Driver.check;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;

import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUcontext;

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
    private static boolean contextKept;

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

    /** The first GPU, used as asked. On a real one all backends of the process share a context that stays. */
    public static CudaBackend open(CudaOptions options) {
        if (REAL) {
            keepContext(); // the emulated driver makes one at no cost, and counts those that are alive
        }
        return CudaBackend.open(0, options);
    }

    /**
     * Keeps the first GPU's primary context alive between one test's backend and the next one's: a real driver takes some
     * 0.3 s to make one, and several hundred tests open a backend each.
     */
    static synchronized void keepContext() {
        if (!contextKept) {
            Driver.initialise();
            check("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(new CUcontext(), Driver.device(0)));
            contextKept = true;
        }
    }

    static synchronized void letContextGo() {
        check("cuDevicePrimaryCtxRelease", cuDevicePrimaryCtxRelease(Driver.device(0)));
        contextKept = false;
    }
}

package dev.bulwark.device.cuda;

import java.util.Optional;
import jcuda.jcurand.JCurand;

/** This machine's cuRAND, loaded once, if it has one. */
final class CurandLibrary {

    private static Optional<String> whyNot = Optional.empty();
    private static boolean tried;

    private CurandLibrary() {
    }

    /**
     * Loads it at the first call.
     *
     * @return empty once it is loaded; else what is missing
     */
    static synchronized Optional<String> load() {
        if (!tried) {
            tried = true;
            whyNot = tryToLoad();
        }
        return whyNot;
    }

    private static Optional<String> tryToLoad() {
        try {
            NativeLibrary.load("JCurand", "jcuda.jcurand.JCurand");
            JCurand.setExceptionsEnabled(false); // Curand.check() throws instead, as Driver.check() does
            return Optional.empty();
        } catch (LinkageError e) {
            return Optional.of("libcurand.so.10 does not load (" + e.getMessage()
                    + "; install CUDA's cuRAND, or name its folder in LD_LIBRARY_PATH)");
        }
    }
}

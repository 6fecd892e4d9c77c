package dev.bulwark.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import jcuda.jcublas.JCublas2;

/**
 * This machine's cuBLAS, loaded once, if it has one that JCublas can use.
 *
 * <p>JCublas is linked to CUDA 12's {@code libcublas.so.12}. A library of that name in the jar hands calls on to CUDA
 * 13's {@code libcublas.so.13} and loads only where that is installed; the dynamic linker takes it for the one that
 * JCublas needs, because it is there already. Where it does not load, JCublas searches for CUDA 12's.
 */
final class CublasLibrary {

    private static final String FORWARDER = "libcublas.so.12";

    private static boolean tried;
    private static Optional<String> whyNot = Optional.empty();

    private CublasLibrary() {
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
        loadForwarder();
        try {
            NativeLibrary.load("JCublas2", "jcuda.jcublas.JCublas2");
            JCublas2.setExceptionsEnabled(false); // Cublas.check() throws instead, as Driver.check() does
            return Optional.empty();
        } catch (LinkageError e) {
            return Optional.of("neither libcublas.so.13 nor libcublas.so.12 loads (" + e.getMessage()
                    + "; install CUDA 12's or 13's cuBLAS, or name its folder in LD_LIBRARY_PATH)");
        }
    }

    /** Does nothing where there is no libcublas.so.13. */
    private static void loadForwarder() {
        try (InputStream in = CublasLibrary.class.getResourceAsStream(FORWARDER)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + FORWARDER + ": run scripts/build-cublas-forwarder and "
                        + "build again");
            }
            Path file = Files.createTempFile("bulwark", FORWARDER);
            try {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
                System.load(file.toString());
            } finally {
                Files.delete(file); // what is loaded stays mapped
            }
        } catch (UnsatisfiedLinkError e) {
            // No CUDA 13 here; JCublas, which is tried next, says whether there is CUDA 12.
        } catch (IOException e) {
            // A temporary folder that is full or read-only leaves CUDA 12's.
        }
    }
}

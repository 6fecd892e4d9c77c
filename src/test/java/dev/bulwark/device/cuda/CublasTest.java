package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way to cuBLAS, from JCublas through the forwarding library to a stand-in that computes on the emulated driver's
 * memory: each test is a process whose LD_LIBRARY_PATH leads to what a machine might have installed.
 */
@GpuTest
class CublasTest {

    private static final Path FAKE = Path.of("src/test/cuda/cublas/fake_cublas.cpp");

    @TempDir
    private Path folder;

    @Test
    void givenCuda13sLibraryAlone_whenOpened_thenItComputesProducts() throws Exception {
        installFake("libcublas.so.13", 130_001);
        List<String> lines = probe();
        assertTrue(lines.contains("products: cuBLAS 13.0, fp32"), lines::toString);
        assertProductsAgree(lines);
    }

    @Test
    void givenCuda12sLibraryAlone_whenOpened_thenItComputesProducts() throws Exception {
        installFake("libcublas.so.12", 120_603);
        List<String> lines = probe();
        assertTrue(lines.contains("products: cuBLAS 12.6, fp32"), lines::toString);
        assertProductsAgree(lines);
    }

    @Test
    void givenWhateverThisMachineHas_whenOpened_thenProductsAgreeAndAReasonStandsBesideOwnKernels() throws Exception {
        List<String> lines = probe();
        boolean own = lines.contains("products: own kernels, fp32");
        assertEquals(own, lines.stream().anyMatch(line -> line.startsWith("cuBLAS: not used: ")), lines::toString);
        assertProductsAgree(lines);
    }

    /** All are there, each right to the rounding of three multiply-adds of numbers below one, or of a layer's few. */
    private static void assertProductsAgree(List<String> lines) {
        List<String> products = lines.stream().filter(line -> line.matches("(multiply|affine|training) .*")).toList();
        assertEquals(6, products.size(), lines::toString);
        for (String product : products) {
            double error = Double.parseDouble(product.substring(product.lastIndexOf(' ') + 1));
            assertTrue(error < (product.startsWith("training") ? 1e-5 : 0x1p-21), product);
        }
    }

    private void installFake(String name, int version) throws Exception {
        new StandIn(folder).install(FAKE, name, "cublas*", "-DFAKE_VERSION=" + version);
    }

    private List<String> probe() throws Exception {
        return new StandIn(folder).run(CublasProbe.class);
    }
}

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way to cuBLAS, from JCublas through the forwarding library to a stand-in that computes on the emulated driver's
 * memory: each test is a process whose LD_LIBRARY_PATH leads to what a machine might have installed.
 */
class CublasTest {

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

    /** All products are there, each right to the rounding of three multiply-adds of numbers below one. */
    private static void assertProductsAgree(List<String> lines) {
        List<String> products = lines.stream().filter(line -> line.matches("(multiply|affine) .*")).toList();
        assertEquals(5, products.size(), lines::toString);
        for (String product : products) {
            double error = Double.parseDouble(product.substring(product.lastIndexOf(' ') + 1));
            assertTrue(error < 0x1p-21, product);
        }
    }

    private void installFake(String name, int version) throws Exception {
        assumeFalse(TestGpu.isReal(), "the stand-in for cuBLAS can't reach a real GPU's memory");
        Path versions = Files.writeString(folder.resolve("versions"), name + " { global: cublas*; local: *; };");
        run(List.of("g++", "-std=c++17", "-O1", "-fPIC", "-shared", "-DFAKE_VERSION=" + version, "-Wl,-soname," + name,
                "-Wl,--version-script=" + versions, "src/test/cuda/cublas/fake_cublas.cpp", "-ldl",
                "-o", folder.resolve(name).toString()));
    }

    private List<String> probe() throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp", System.getProperty("java.class.path")));
        for (String property : new String[] {"requireGpu", "emulated"}) {
            command.add("-D" + property + "=" + Boolean.getBoolean(property));
        }
        command.add(CublasProbe.class.getName());
        return run(command);
    }

    private List<String> run(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        String installed = System.getenv("LD_LIBRARY_PATH");
        builder.environment().put("LD_LIBRARY_PATH", folder + (installed == null ? "" : File.pathSeparator + installed));
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.lines().toList();
    }
}

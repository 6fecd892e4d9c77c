package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * cuRAND as a yardstick, through JCurand to a stand-in that writes the emulated driver's memory: each test is a process
 * whose LD_LIBRARY_PATH leads to what a machine might have installed.
 */
@GpuTest
class CurandTest {

    private static final Path FAKE = Path.of("src/test/cuda/curand/fake_curand.cpp");

    @TempDir
    private Path folder;

    @Test
    void givenCurand_whenAskedForNormals_thenTheyAreNormalAndABenchmarkHasTheirRate() throws Exception {
        StandIn libraries = new StandIn(folder);
        libraries.install(FAKE, "libcurand.so.10", "curand*");
        List<String> lines = libraries.run(CurandProbe.class);
        assertEquals(List.of("repeats: false", "repeats: false"), having(lines, "repeats: "), "calls go on, not back");
        for (String moments : having(lines, "moments: ")) {
            String[] words = moments.split(" ");
            // 20,000 normals: the mean's standard error is 0.007, the mean square's 0.01; six of each.
            assertEquals(0, Double.parseDouble(words[1]), 0.043, moments);
            assertEquals(1, Double.parseDouble(words[2]), 0.06, moments);
        }
        assertTrue(lines.contains("odd length: curandGenerateNormal of 31 elements failed: "
                + "CURAND_STATUS_LENGTH_NOT_MULTIPLE"), lines::toString);
        assertEquals(List.of("normals_per_second", "curand_normals_per_second"), having(lines, ".*normals_per_second"));
        assertTrue(lines.contains("live bytes: 0"), lines::toString);
    }

    @Test
    void givenWhateverThisMachineHas_whenBenchmarked_thenThereIsARateOrAReason() throws Exception {
        List<String> lines = new StandIn(folder).run(CurandProbe.class);
        boolean without = having(lines, "not used: libcurand.so.10 does not load ").size() == 1;
        assertEquals(without ? List.of("normals_per_second") : List.of("normals_per_second", "curand_normals_per_second"),
                having(lines, ".*normals_per_second"), lines::toString);
    }

    /** Lines that begin with what {@code pattern} matches. */
    private static List<String> having(List<String> lines, String pattern) {
        return lines.stream().filter(line -> line.matches(pattern + ".*")).toList();
    }
}

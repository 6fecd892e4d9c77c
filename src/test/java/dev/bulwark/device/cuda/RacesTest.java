package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.EmulatedDriver.set;
import static jcuda.driver.CUresult.CUDA_ERROR_LAUNCH_FAILED;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels in which one thing is missing that orders two accesses: each race is found under every schedule, and named. */
class RacesTest extends PlantedKernels {

    private static final Path SOURCE = Path.of("src/test/cuda/racy_kernels.cu");
    private static final Pattern SITE = Pattern.compile("racy_kernels\\.cu:(\\d+)");
    private static final int[] SCHEDULES = {EmulatedDriver.FORWARD, EmulatedDriver.REVERSED, 7, EmulatedDriver.STARVING,
        EmulatedDriver.STARVING_BLOCK + 1};
    private static final int ROUNDS = 4;

    @Override
    protected String entries() {
        return entry("racy_block", "256", "u64", "u64", "u32")
                + entry("racy_warp", "256", "u64", "u64", "u32")
                + entry("racy_copy", "1024", "u64", "u64", "u32")
                + entry("racy_groups", "2048", "u64", "u64", "u32")
                + entry("racy_sum", "4", "u64", "u32")
                + entry("racy_device", "", "u64", "u64", "u32")
                + entry("racy_last", "1", "u64", "u64", "u64", "u32")
                + entry("unwritten", "", "u64", "u64", "u32", "u32")
                + entry("racy_phases", "", "u64", "u32", "u32")
                + inClusters(entry("racy_ring", "", "u64", "u64", "u32", "u32"));
    }

    @BeforeEach
    void watch() {
        set(Setting.RACES, 1);
    }

    /** Runs a kernel, with two blocks where it has use for them. */
    private int run(String kernel, int fault) {
        Pointer x = of(device(new float[64 * ROUNDS]));
        Pointer y = of(device(new float[256]));
        return switch (kernel) {
            case "racy_last" -> run(kernel, 3, 64, 0, x, y, of(device(0)), of(fault));
            case "racy_sum" -> run(kernel, 2, 64, 0, y, of(fault));
            case "racy_phases" -> run(kernel, 1, 64, 256, y, of(ROUNDS), of(fault));
            case "racy_ring" -> run(kernel, 2, 64, 1024 + 256, x, y, of(ROUNDS), of(fault));
            default -> run(kernel, 1, 64, 0, x, y, of(fault));
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"racy_block", "racy_warp", "racy_copy", "racy_groups", "racy_sum", "racy_device", "racy_last",
        "racy_phases", "racy_ring"})
    void givenASoundKernel_whenWatched_thenItRuns(String kernel) {
        for (int schedule : SCHEDULES) {
            for (int late = 0; late < 2; ++late) {
                set(Setting.SCHEDULE, schedule);
                set(Setting.LATE, late);
                check(run(kernel, 0));
            }
        }
        assertEquals("", EmulatedDriver.lastLine());
    }

    @ParameterizedTest
    @CsvSource({"racy_block, 1", "racy_block, 2", "racy_warp, 1", "racy_warp, 2", "racy_warp, 3", "racy_copy, 1",
        "racy_copy, 2", "racy_groups, 1", "racy_sum, 1", "racy_sum, 2", "racy_device, 1", "racy_last, 1",
        "racy_last, 2", "racy_last, 3", "racy_last, 4", "racy_phases, 1", "racy_phases, 2",
        "racy_phases, 3", "racy_ring, 1", "racy_ring, 2", "racy_ring, 3", "racy_ring, 4"})
    void givenARace_whenWatchedUnderAnySchedule_thenItIsFoundAndNamed(String kernel, int fault) throws IOException {
        for (int schedule : SCHEDULES) {
            for (int late = 0; late < 2; ++late) {
                forgetEverything();
                open();
                watch();
                set(Setting.SCHEDULE, schedule);
                set(Setting.LATE, late);
                assertEquals(CUDA_ERROR_LAUNCH_FAILED, run(kernel, fault), "schedule " + schedule + ", " + late);
                String line = EmulatedDriver.lastLine();
                assertTrue(line.startsWith("kernel " + kernel + ", block ") && line.contains(": a race: "), line);
                if (!line.contains("two phases behind")) {
                    assertBothAreNamed(line);
                }
            }
        }
    }

    /** The bytes, another thread, and one or two lines of the source, each of which accesses the tile. */
    private static void assertBothAreNamed(String line) throws IOException {
        assertTrue(line.matches(".* bytes .* byte \\d+ of .*, not ordered with .* by (a cp.async of |copies .*)?.*"), line);
        List<String> source = Files.readAllLines(SOURCE);
        Matcher sites = SITE.matcher(line);
        assertTrue(sites.find(), line);
        do {
            String accessed = source.get(Integer.parseInt(sites.group(1)) - 1);
            assertTrue(accessed.contains("tile") || accessed.contains("y[0]"), line + ": " + accessed);
        } while (sites.find());
        assertFalse(line.contains("no line"), line);
    }

    @Test
    void givenARace_whenNotWatched_thenTheLaunchGoesOn() {
        set(Setting.RACES, 0);
        check(run("racy_block", 2));
    }

    /** Of which the first five elements are written, by copies and fills of every kind and by a kernel. */
    @Test
    void givenDeviceMemoryThatWasNotWritten_whenAWatchedKernelReadsIt_thenItIsFound() {
        CUdeviceptr x = allocate(8);
        CUdeviceptr y = allocate(8);
        check(cuMemsetD32Async(x, 0, 1, stream));
        check(cuMemcpyDtoDAsync(x.withByteOffset(4), x, 4, stream));
        check(cuStreamSynchronize(stream));
        check(cuMemcpyHtoD(x.withByteOffset(8), Pointer.to(new float[3]), 12));
        check(run("unwritten", 1, 32, 0, of(x), of(y), of(5), of(0)));
        check(run("unwritten", 1, 32, 0, of(y), of(x), of(5), of(0)));
        check(cuMemcpyDtoDAsync(x, y, 32, stream));
        assertEquals(CUDA_ERROR_LAUNCH_FAILED, run("unwritten", 1, 32, 0, of(x), of(y), of(5), of(1)));
        String line = EmulatedDriver.lastLine();
        assertTrue(line.matches("kernel unwritten, block 0, thread 5: a read of 4 bytes \\(racy_kernels\\.cu:\\d+\\) at "
                + "device memory at byte 20 of 32, which was not written"), line);
    }
}

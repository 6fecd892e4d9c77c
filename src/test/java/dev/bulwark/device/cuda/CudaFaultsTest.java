package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceLostException;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.OutOfDeviceMemoryException;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a driver's failures: each is reported as soon as it can be known, and nothing stays alive after it. */
@GpuTest
class CudaFaultsTest {

    @BeforeEach
    void onTheEmulatedDriverOnly() {
        Assumptions.assumeFalse(TestGpu.isReal(), "a real GPU does not fail when asked to");
        EmulatedDriver.reset();
    }

    @AfterEach
    void noFaultStays() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    @Test
    void givenNoMemoryForAnyOneAllocation_whenOpenedAndPrepared_thenItThrowsAndNothingStaysAlive() {
        int failures = 0;
        while (runsOutOfMemory(failures + 1)) {
            ++failures;
            assertEquals("", EmulatedDriver.alive(), "after allocation " + failures + " failed");
            EmulatedDriver.reset();
        }
        assertEquals("", EmulatedDriver.alive(), "after none failed");
        // Scratch for products; weight and bias; both classifiers' packed network and indices, and what each works in.
        assertTrue(failures >= 1 + 2 + 2 * 4 + 1 + 3 + 3, failures + " allocations");
    }

    /** Whether allocation {@code turn} happens, and so fails. */
    private static boolean runsOutOfMemory(int turn) {
        EmulatedDriver.set(Setting.FAIL_ALLOCATION, turn);
        try (CudaBackend backend = TestGpu.open(); DeviceBuffer weight = backend.allocate(6);
             DeviceBuffer bias = backend.allocate(2)) {
            backend.fill(weight, 1f);
            backend.fill(bias, 1f);
            List<Affine> layers = List.of(new Affine(weight, bias, 3, 2));
            try (NoisyClassifier layered = backend.smoothing().layered(layers);
                 NoisyClassifier fused = backend.smoothing().fused(layers, 32)) {
                fused.logits(weight, 1, bias); // prepares a layered one of its own
                return false;
            }
        } catch (OutOfDeviceMemoryException e) {
            return true;
        }
    }

    @Test
    void givenAKernelThatFails_whenWaitedFor_thenTheLostContextIsReportedThenAndEverAfter() {
        try (CudaBackend backend = TestGpu.open(); DeviceBuffer x = backend.allocate(3)) {
            backend.fill(x, -1f);
            backend.synchronize();
            EmulatedDriver.set(Setting.FAIL_LAUNCH, 1);
            backend.elementwise().relu(x, 3);
            DeviceLostException e = assertThrows(DeviceLostException.class, backend::synchronize);
            assertTrue(e.getMessage().contains("CUDA_ERROR_LAUNCH_FAILED"), e.getMessage());
            assertTrue(e.getMessage().contains("start again"), e.getMessage());
            assertThrows(DeviceLostException.class, () -> backend.elementwise().relu(x, 3));
            assertThrows(DeviceLostException.class, backend::synchronize);
        } catch (DeviceLostException e) {
            assertTrue(e.getMessage().contains("cuMemFree"), e.getMessage()); // memory that is lost can't be given back
        }
    }

    @Test
    void givenAKernelThatFails_whenItsResultIsRead_thenTheFailureIsReportedAndNoNumber() {
        CudaBackend backend = TestGpu.open();
        DeviceBuffer x = backend.allocate(3);
        backend.fill(x, 1f);
        EmulatedDriver.set(Setting.FAIL_LAUNCH, 1);
        backend.elementwise().relu(x, 3);
        float[] result = {7, 7, 7};
        assertThrows(DeviceLostException.class, () -> backend.read(x, result));
        assertArrayEquals(new float[] {7, 7, 7}, result);
        backend.close();
    }

    /** All after which the driver's manual has a process start again, and the GPU that dropped out. */
    @ParameterizedTest
    @CsvSource({"46, DEVICE_UNAVAILABLE", "214, ECC_UNCORRECTABLE", "220, NVLINK_UNCORRECTABLE", "226, CONTAINED",
        "700, ILLEGAL_ADDRESS", "702, LAUNCH_TIMEOUT", "709, CONTEXT_IS_DESTROYED", "710, ASSERT",
        "714, HARDWARE_STACK_ERROR", "715, ILLEGAL_INSTRUCTION", "716, MISALIGNED_ADDRESS", "717, INVALID_ADDRESS_SPACE",
        "718, INVALID_PC", "719, LAUNCH_FAILED", "721, TENSOR_MEMORY_LEAK", "810, MPS_CLIENT_TERMINATED",
        "911, EXTERNAL_DEVICE", "999, UNKNOWN"})
    void givenACodeThatEndsTheContext_whenCalled_thenTheDeviceIsLostAndTheCodeNamed(int code, String name) {
        CudaBackend backend = TestGpu.open();
        EmulatedDriver.set(Setting.LOSE_DEVICE, code);
        DeviceLostException e = assertThrows(DeviceLostException.class, backend::synchronize);
        assertTrue(e.getMessage().contains("CUDA_ERROR_" + name) && e.getMessage().contains("start again"), e.getMessage());
        backend.close();
    }

    @Test
    void givenALostGpu_whenAnythingIsAsked_thenItThrows() {
        CudaBackend backend = TestGpu.open();
        DeviceBuffer x = backend.allocate(3);
        Backend.Replay replay = backend.record(() -> backend.elementwise().relu(x, 3));
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("allocate", () -> backend.allocate(1));
        calls.put("write", () -> backend.write(new float[3], x));
        calls.put("read", () -> backend.read(x, new int[3]));
        calls.put("fill", () -> backend.fill(x, 1f));
        calls.put("copy", () -> backend.copy(x, 1, x.slice(1, 1)));
        calls.put("a kernel", () -> backend.elementwise().absolute(x, 3, x));
        calls.put("record", () -> backend.record(() -> backend.elementwise().relu(x, 3)));
        calls.put("replay", replay::run);
        calls.put("synchronize", backend::synchronize);
        calls.put("free", x::close);
        EmulatedDriver.set(Setting.LOSE_DEVICE, CUresult.CUDA_ERROR_ECC_UNCORRECTABLE);
        calls.forEach((name, call) -> assertThrows(DeviceLostException.class, call::run, name));
        backend.close();
    }

    @Test
    void givenABufferOfAnotherBackend_whenUsed_thenItIsRefused() {
        try (CudaBackend one = TestGpu.open(); CudaBackend other = TestGpu.open(); DeviceBuffer x = other.allocate(1)) {
            assertThrows(IllegalArgumentException.class, () -> one.fill(x, 1f));
            assertThrows(IllegalArgumentException.class, () -> one.elementwise().relu(x, 1));
        }
    }

    static Stream<Throwable> givenOperationsThatThrow_whenRecorded_thenTheBackendGoesOnAndNothingStaysAlive() {
        return Stream.of(new IllegalStateException("in the middle"), new OutOfMemoryError("of the heap"),
                new StackOverflowError(), new AssertionError("a test's"),
                new IOException("checked, and thrown all the same"));
    }

    @ParameterizedTest
    @MethodSource
    void givenOperationsThatThrow_whenRecorded_thenTheBackendGoesOnAndNothingStaysAlive(Throwable thrown) {
        try (CudaBackend backend = TestGpu.open(); DeviceBuffer x = backend.allocate(2)) {
            assertSame(thrown, assertThrows(thrown.getClass(), () -> backend.record(() -> {
                backend.elementwise().relu(x, 2);
                CudaFaultsTest.<RuntimeException>sneak(thrown);
            })));
            backend.write(new float[] {-1f, 2f}, x);
            backend.elementwise().relu(x, 2);
            float[] result = new float[2];
            backend.read(x, result);
            assertArrayEquals(new float[] {0f, 2f}, result);
        }
        assertEquals("", EmulatedDriver.alive());
    }

    /** Throws anything, as code of other languages, and reflection, do. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void givenEachCapability_whenOpened_thenItRunsOrIsRefusedWithAWayOut() {
        for (int capability : new int[] {80, 90, 100}) {
            EmulatedDriver.reset();
            EmulatedDriver.set(Setting.CAPABILITY, capability);
            try (GpuContext gpu = new GpuContext(0); LoadedModule module = LoadedModule.load(gpu, "elementwise", false)) {
                assertEquals("compute_80", module.architecture());
            }
            assertEquals("", EmulatedDriver.alive());
        }
        EmulatedDriver.set(Setting.CAPABILITY, 75);
        DeviceException e = assertThrows(DeviceException.class, TestGpu::open);
        assertTrue(e.getMessage().contains("7.5") && e.getMessage().contains("use the CPU"), e.getMessage());
        EmulatedDriver.set(Setting.CAPABILITY, 90);
        EmulatedDriver.set(Setting.DRIVER_VERSION, 11_000);
        e = assertThrows(DeviceException.class, TestGpu::open);
        assertTrue(e.getMessage().contains(Driver.OLDEST_NAME), e.getMessage());
        assertEquals("", EmulatedDriver.alive());
    }
}

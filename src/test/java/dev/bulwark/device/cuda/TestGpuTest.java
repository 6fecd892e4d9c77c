package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import org.junit.jupiter.api.Test;

/** What saves tests on a real GPU a context each, tried on the emulated driver, which counts contexts. */
@GpuTest
class TestGpuTest {

    @Test
    void givenAKeptContext_whenBackendsComeAndGo_thenItIsTheOnlyOneAndNothingElseStays() {
        assumeFalse(TestGpu.isReal(), "a real driver counts no contexts");
        EmulatedDriver.reset();
        TestGpu.keepContext();
        TestGpu.keepContext();
        for (int i = 0; i < 3; ++i) {
            try (CudaBackend backend = TestGpu.open()) {
                assertEquals(1, EmulatedDriver.count(Counter.CONTEXTS));
                backend.allocate(4).close();
            }
            assertEquals("CONTEXTS 1", EmulatedDriver.alive());
        }
        TestGpu.letContextGo();
        assertEquals("", EmulatedDriver.alive());
    }
}

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two GPUs in one thread, call by call: each does its own work. */
class SeveralGpusTest {

    @BeforeEach
    void plugIn() {
        assumeFalse(TestGpu.isReal(), "this machine may have one GPU only");
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.DEVICES, 2);
    }

    @AfterEach
    void unplug() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    @Test
    void givenTwoGpus_whenUsedInTurn_thenEachHasItsOwnNumbers() {
        try (Backend one = CudaBackend.open(0); Backend two = CudaBackend.open(1);
             DeviceBuffer x = one.allocate(3); DeviceBuffer y = two.allocate(3)) {
            one.write(new float[] {-1, 2, -3}, x);
            two.fill(y, -5f);
            one.elementwise().relu(x, 3);
            two.elementwise().absolute(y, 3, y);
            one.synchronize();
            assertArrayEquals(new float[] {0, 2, 0}, read(one, x));
            assertArrayEquals(new float[] {5, 5, 5}, read(two, y));
        }
    }

    private static float[] read(Backend backend, DeviceBuffer buffer) {
        float[] values = new float[3];
        backend.read(buffer, values);
        return values;
    }
}

package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.device.cpu.CpuBackend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {

    private final CpuBackend backend = CpuBackend.plainJava();

    @AfterEach
    void close() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    @Test
    void givenBuffers_whenTheScopeIsClosed_thenNothingIsLeft() {
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            assertEquals(7f, read(memory.holding(7f)));
            assertEquals(0f, read(memory.zeros(3)));
            assertEquals(4 * 4, backend.liveBytes());
        }
    }

    private float read(DeviceBuffer buffer) {
        float[] value = new float[1];
        backend.read(buffer, value);
        return value[0];
    }

    @Test
    void givenAHandedOverScope_whenTheFirstIsClosed_thenTheNewOwnerKeepsItsBuffers() {
        DeviceMemory owner;
        DeviceBuffer kept;
        try (DeviceMemory building = new DeviceMemory(backend)) {
            kept = building.holding(3f);
            owner = building.handOver();
        }
        assertEquals(3f, read(kept));
        owner.close();
        owner.close();
    }

    @Test
    void givenAFailureHalfway_whenBuilt_thenNothingIsLeft() {
        Backend scarce = FaultyBackend.wrap(backend, FaultyBackend.allocation(2));
        assertThrows(OutOfDeviceMemoryException.class, () -> {
            try (DeviceMemory building = new DeviceMemory(scarce)) {
                for (int i = 0; i < 4; ++i) {
                    building.allocate(100);
                }
                building.handOver();
            }
        });
    }
}

package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.model.RandomGraph;
import org.junit.jupiter.api.Test;

@GpuTest
class CudaPgdTest {

    @Test
    void givenAResidualNetwork_whenAttacked_thenAdversarialImagesKeepTheirPromises() {
        try (Backend backend = TestGpu.open()) {
            PgdTest.requirePromises(backend, RandomGraph.residual(), 24, new PgdSettings(0.15, 6, 0.05, 1, 3));
            assertEquals(0, backend.liveBytes());
        }
    }
}

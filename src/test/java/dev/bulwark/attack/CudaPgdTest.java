package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.data.Ball;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.model.RandomGraph;
import java.util.SplittableRandom;
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

    @Test
    void givenL2Balls_whenAttacked_thenWitnessesTrulyLieInThem() {
        try (Backend backend = TestGpu.open()) {
            EuclideanPgdTest.requirePromises(backend, HostNetwork.random(new SplittableRandom(2), 1.5, 300, 16, 3), 12, "1/2",
                    Ball.Centre.BYTE);
            assertEquals(0, backend.liveBytes());
        }
    }
}

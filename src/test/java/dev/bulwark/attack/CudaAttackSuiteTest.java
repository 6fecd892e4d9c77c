package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cuda.GpuTest;
import dev.bulwark.device.cuda.TestGpu;
import dev.bulwark.shapes.ImageShape;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@GpuTest
class CudaAttackSuiteTest {

    @ParameterizedTest
    @CsvSource({"INF,0.1", "TWO,0.4", "ONE,0.8"})
    void givenBalls_whenAttacked_thenWitnessesTrulyLieInThem(Norm norm, String epsilon) {
        try (Backend backend = TestGpu.open()) {
            AttackSuiteTest.requirePromises(backend, HostNetwork.random(new SplittableRandom(2), 1.5, 9, 16, 3), new ImageShape(1, 3, 3),
                    12, epsilon, Ball.Centre.BYTE, norm, 60);
            assertEquals(0, backend.liveBytes());
        }
    }
}

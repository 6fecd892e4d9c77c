package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Epsilon;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.plan.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Images of one batch in balls of different radii. */
class BallsOfABatchTest {

    /** Plain Java products round alike for every batch shape. */
    @ParameterizedTest
    @EnumSource
    void givenRadiiOfTheirOwn_whenBoundedTogether_thenEachImageHasTheBoundsThatItHasAlone(Norm norm) {
        try (Backend plain = CpuBackend.plainJava()) {
            requireThoseOfEachAlone(plain, norm, 0);
            assertEquals(0, plain.liveBytes());
        }
    }

    static void requireThoseOfEachAlone(Backend backend, Norm norm, float tolerance) {
        SplittableRandom random = new SplittableRandom(5);
        Graph network = Mlp.random(random, 1, 5, 20, 12, 3);
        float[] images = Mlp.values(random, 9 * 5, 0, 1);
        int[] labels = random.ints(9, 0, 3).toArray();
        double[] radii = {0.01, 0.2, 0.2, 0.05, 1, 0.003, 0, 0.05, 0.3};
        List<Ball> balls = new ArrayList<>();
        for (double radius : radii) {
            balls.add(new Ball(Epsilon.of(radius), Ball.Centre.FLOAT, norm));
        }
        for (Method method : List.of(Method.IBP, Method.CROWN)) {
            try (Plan plan = Plan.load(backend, network); Verifier verifier = BoundsFixture.verifier(plan, method, Crown.DEFAULT_STEPS)) {
                List<Bounds> together = verifier.verify(images, labels, balls);
                for (int n = 0; n < labels.length; ++n) {
                    Bounds alone = verifier.verify(Arrays.copyOfRange(images, 5 * n, 5 * n + 5), new int[] {labels[n]},
                            balls.get(n)).get(0);
                    assertArrayEquals(alone.marginLower(), together.get(n).marginLower(), tolerance, method + ", " + n);
                    assertArrayEquals(alone.lower(), together.get(n).lower(), tolerance);
                }
            }
        }
    }

    @Test
    void givenBallsThatDoNotBelongTogether_whenBounded_thenRefused() {
        try (Backend plain = CpuBackend.plainJava()) {
            Graph network = Mlp.random(new SplittableRandom(5), 1, 5, 3);
            Ball ball = Ball.aroundFloats(0.1);
            try (Plan plan = Plan.load(plain, network); Verifier verifier = Method.CROWN.verifier(plan)) {
                assertThrows(IllegalArgumentException.class,
                        () -> verifier.verify(new float[10], new int[2], List.of(ball, ball.in(Norm.TWO))));
                assertThrows(IllegalArgumentException.class, () -> verifier.verify(new float[10], new int[2], List.of(ball)));
            }
        }
    }
}

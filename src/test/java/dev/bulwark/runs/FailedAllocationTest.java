package dev.bulwark.runs;

import dev.bulwark.model.Graph;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.attack.Pgd;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.bounds.Crown;
import dev.bulwark.bounds.Ibp;
import dev.bulwark.device.Backend;
import dev.bulwark.device.FaultyBackend;
import dev.bulwark.device.OutOfDeviceMemoryException;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.smoothing.SmoothedClassifier;
import dev.bulwark.training.Architecture;
import dev.bulwark.training.Initialisation;
import dev.bulwark.training.Preset;
import dev.bulwark.training.Recipe;
import dev.bulwark.training.Trainer;
import dev.bulwark.training.TrainingSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whichever allocation fails, and whatever was half built then: all that was allocated before is given back. */
class FailedAllocationTest {

    private static final Graph NETWORK = Initialisation.KAIMING_UNIFORM.network(new int[] {3, 5, 2}, 1);
    private static final ImageShape SHAPE = new ImageShape(1, 1, 3);
    private static final float[] IMAGES = {0.1f, 0.5f, 0.9f, 1, 0, 0.3f};
    private static final int[] LABELS = {0, 1};
    private static final int[] INDICES = {4, 7};

    static Stream<Named<Consumer<Backend>>> work() {
        return Stream.of(
                Named.of("certify", FailedAllocationTest::certify),
                Named.of("verify", FailedAllocationTest::verify),
                Named.of("verify by alpha-crown", FailedAllocationTest::verifyByCrown),
                Named.of("attack", FailedAllocationTest::attack),
                Named.of("train for smoothing", backend -> train(backend, Preset.QUICK.smoothing(0.5))),
                Named.of("train for bounds", backend -> train(backend, Preset.QUICK.ibp(0.1))));
    }

    private static void certify(Backend backend) {
        try (Plan plan = Plan.load(backend, NETWORK);
             SmoothedClassifier smoothed = new SmoothedClassifier(plan, 0.5f, 1)) {
            smoothed.certify(IMAGES, INDICES, 3, 5, 0.001);
        }
    }

    private static void verify(Backend backend) {
        try (Plan plan = Plan.load(backend, NETWORK); Ibp ibp = new Ibp(plan)) {
            ibp.verify(IMAGES, LABELS, 0.1);
        }
    }

    private static void verifyByCrown(Backend backend) {
        try (Plan plan = Plan.load(backend, NETWORK); Crown crown = new Crown(plan, 2)) {
            crown.verify(IMAGES, LABELS, 0.1);
        }
    }

    private static void attack(Backend backend) {
        PgdSettings settings = new PgdSettings(0.1, 2, 0.1, 2, 1);
        try (Plan plan = Plan.load(backend, NETWORK); Pgd pgd = new Pgd(plan, settings)) {
            pgd.attack(IMAGES, LABELS, INDICES);
        }
    }

    private static void train(Backend backend, Recipe recipe) {
        Trainer.train(backend, recipe.but().architecture(Architecture.dense(List.of(4))).build(),
                new TrainingSet(IMAGES, SHAPE, LABELS, 2, "two"), progress -> { });
    }

    @ParameterizedTest
    @MethodSource("work")
    void givenAFailingAllocation_whenWorkIsDone_thenNothingIsLeft(Consumer<Backend> work) {
        try (CpuBackend sound = CpuBackend.plainJava()) {
            int failures = 0;
            while (failsAt(failures, work, sound)) {
                assertEquals(0, sound.liveBytes(), "after a failure at allocation " + failures);
                ++failures;
            }
            assertEquals(0, sound.liveBytes());
            assertTrue(failures > 3, "only " + failures + " allocations");
        }
    }

    private static boolean failsAt(int allocation, Consumer<Backend> work, Backend sound) {
        try {
            work.accept(FaultyBackend.wrap(sound, FaultyBackend.allocation(allocation)));
            return false;
        } catch (OutOfDeviceMemoryException e) {
            return true;
        }
    }
}

package dev.bulwark.device.cuda;

import dev.bulwark.device.Backend;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

/**
 * The contract, and noisy votes, once more for each order in which the emulated driver may take the threads of a block: a
 * result that depends on it is a missing barrier. Copies that arrive at once make a difference of the same kind. One of
 * the orders is also watched for races, which need not change any result.
 */
class CudaSchedulesTest {

    @BeforeAll
    static void onTheEmulatedDriverOnly() {
        Assumptions.assumeFalse(TestGpu.isReal(), "a real GPU has a schedule of its own");
    }

    @Nested
    class ThreadsReversed extends CudaBackendTest {
        @Override
        protected Backend open() {
            return under(EmulatedDriver.REVERSED, false);
        }
    }

    @Nested
    class ThreadsShuffled extends CudaBackendTest {
        @Override
        protected Backend open() {
            return under(7, true);
        }
    }

    @Nested
    class WarpsStarving extends CudaBackendTest {
        @Override
        protected Backend open() {
            schedule(EmulatedDriver.STARVING, true);
            EmulatedDriver.set(Setting.RACES, 1);
            return TestGpu.open();
        }
    }

    /** Blocks that take a ticket each, and the last of which goes on. */
    @Nested
    class TrainingReversed extends TrainingParityTest {
        @Override
        protected CudaBackend open(ProductPrecision precision) {
            schedule(EmulatedDriver.REVERSED, false);
            return super.open(precision);
        }
    }

    @Nested
    class TrainingShuffled extends TrainingParityTest {
        @Override
        protected CudaBackend open(ProductPrecision precision) {
            schedule(7, true);
            return super.open(precision);
        }
    }

    @Nested
    class TrainingStarving extends TrainingParityTest {
        @Override
        protected CudaBackend open(ProductPrecision precision) {
            schedule(EmulatedDriver.STARVING, true);
            return super.open(precision);
        }
    }

    /** Larger networks than the contract's: the fused kernel's ring wraps, and the last outputs overwrite the inputs. */
    @Nested
    class SmoothingReversed extends NoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.REVERSED, false);
            super.open();
        }
    }

    @Nested
    class SmoothingShuffled extends NoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(7, true);
            super.open();
        }
    }

    @Nested
    class SmoothingStarving extends NoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.STARVING, true);
            super.open();
        }
    }

    /** Warps of two blocks, each with a role of its own; every order of them, and of the copies between them. */
    @Nested
    class ClustersReversed extends ClusteredNoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.REVERSED, true);
            super.open();
        }
    }

    @Nested
    class ClustersAtOnce extends ClusteredNoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.FORWARD, false);
            super.open();
        }
    }

    @Nested
    class ClustersShuffled extends ClusteredNoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(7, true);
            super.open();
        }
    }

    @Nested
    class ConsumersStarving extends ClusteredNoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.STARVING, true);
            super.open();
        }
    }

    @Nested
    class NoiseStarving extends ClusteredNoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.STARVING + 3, false);
            super.open();
        }
    }

    @Nested
    class BlockStarving extends ClusteredNoisyClassifierTest {
        @Override
        @BeforeEach
        void open() {
            schedule(EmulatedDriver.STARVING_BLOCK + 1, true);
            super.open();
        }
    }

    @AfterAll
    static void asBefore() {
        if (!TestGpu.isReal()) {
            EmulatedDriver.reset();
        }
    }

    private static Backend under(int schedule, boolean late) {
        schedule(schedule, late);
        return TestGpu.open();
    }

    private static void schedule(int schedule, boolean late) {
        EmulatedDriver.reset();
        EmulatedDriver.set(Setting.SCHEDULE, schedule);
        EmulatedDriver.set(Setting.LATE, late ? 1 : 0);
    }
}

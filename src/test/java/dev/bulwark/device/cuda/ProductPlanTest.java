package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.MatrixProduct.Factors;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProductPlanTest {

    private static final int H200 = 132;

    @Test
    void givenManyRows_whenPlanned_thenTilesAreLargeAndKStaysWhole() {
        assertEquals(new ProductPlan(128, 79 * 8, 1, 784), ProductPlan.of(10_000, 1024, 784, H200));
    }

    @Test
    void givenATrainingBatch_whenPlanned_thenPartsOfKFillTheGpu() {
        // 4 x 16 tiles for 264 blocks: four parts of 196, rounded up to whole steps of 16.
        assertEquals(new ProductPlan(64, 64, 4, 208), ProductPlan.of(256, 1024, 784, H200));
        // One column of tiles: as many parts as are 128 long.
        assertEquals(new ProductPlan(64, 4, 2, 128), ProductPlan.of(256, 10, 256, H200));
    }

    @Test
    void givenAShortK_whenPlanned_thenItStaysWhole() {
        assertEquals(new ProductPlan(64, 1, 1, 255), ProductPlan.of(10, 10, 255, H200));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "64,10,784", "129,65,1021", "256,1024,512", "1,1,100003"})
    void givenSeveralProducts_whenPlannedTogether_thenEachCoversItsKAndAllPartialSumsFit(int m, int n, int k) {
        try (CpuBackend cpu = CpuBackend.plainJava(); DeviceBuffer any = cpu.allocate((long) m * k + (long) k * n + m * n)) {
            List<Factors> products = List.of(Factors.of(m, n, k, any, any, any), Factors.of(n, m, k, any, any, any),
                    Factors.of(m, k, n, any, any, any), Factors.of(k, m, n, any, any, any));
            for (int count = 1; count <= products.size(); ++count) {
                for (int multiprocessors : new int[] {1, 4, 108, H200}) {
                    List<Factors> some = products.subList(0, count);
                    Optional<List<ProductPlan>> plans = ProductPlan.of(some, multiprocessors);
                    boolean large = some.stream().anyMatch(of ->
                            ProductPlan.of(of.m(), of.n(), of.k(), multiprocessors).side() == ProductPlan.LARGE);
                    assertEquals(large, plans.isEmpty(), "together only where none has large tiles");
                    plans.ifPresent(found -> assertFits(some, found, multiprocessors));
                }
            }
        }
    }

    private static void assertFits(List<Factors> products, List<ProductPlan> plans, int multiprocessors) {
        long scratch = 0;
        for (int i = 0; i < plans.size(); ++i) {
            Factors of = products.get(i);
            ProductPlan plan = plans.get(i);
            assertTrue((long) plan.parts() * plan.chunk() >= of.k(), plan + " covers k");
            assertTrue((plan.parts() - 1L) * plan.chunk() < of.k(), plan + " has no empty part");
            scratch += plan.parts() == 1 ? 0 : (long) plan.parts() * of.m() * of.n();
        }
        assertTrue(scratch <= ProductPlan.scratchLength(multiprocessors), plans + " fit");
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "64,10,784", "129,65,1021", "500,1024,784", "1024,784,500", "1,1,100003", "3000,3000,3000"})
    void givenAnyShape_whenPlanned_thenPartsCoverKAndPartialSumsFit(int m, int n, int k) {
        for (int multiprocessors : new int[] {1, 4, 108, H200}) {
            ProductPlan plan = ProductPlan.of(m, n, k, multiprocessors);
            assertTrue((long) plan.parts() * plan.chunk() >= k, plan + " covers k");
            assertTrue((plan.parts() - 1L) * plan.chunk() < k, plan + " has no empty part");
            assertTrue(plan.parts() == 1 || plan.chunk() % 16 == 0, plan + " begins parts where tiles do");
            assertTrue(plan.parts() == 1
                    || (long) plan.parts() * m * n <= ProductPlan.scratchLength(multiprocessors), plan + " fits");
        }
    }
}

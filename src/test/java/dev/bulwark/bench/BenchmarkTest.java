package dev.bulwark.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bench.Rate.Cost;
import dev.bulwark.bench.Rate.Limit;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BareProducts;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.runs.Monitor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchmarkTest {

    private static final BenchSettings TINY = new BenchSettings(BenchNetwork.dense(List.of(20, 16, 8, 3)), new BenchSettings.Noisy(2, 50),
            new BenchSettings.Steps(4, 2, 1), new BenchSettings.Alone(7, 32), new BenchSettings.Timing(3, 1e-4));

    @Test
    void givenATinyNetwork_whenBenchmarked_thenEveryStageHasARateOfItsOwnSizes() throws IOException {
        try (Backend backend = CpuBackend.plainJava()) {
            Map<String, Rate> rates = new LinkedHashMap<>();
            new Benchmark(backend, TINY).run(Monitor.SILENT, rates::put);
            assertEquals(List.of("copies_per_second", "square_products_per_second",
                    "square_products_per_second_of_noisy_forwards", "normals_per_second", "noisy_forwards_per_second",
                    "discrete_noisy_forwards_per_second",
                    "ibp_images_per_second", "ibp_training_samples_per_second",
                    "ibp_worst_case_training_samples_per_second", "pgd_image_steps_per_second"),
                    List.copyOf(rates.keySet()));
            rates.forEach((name, rate) -> {
                assertTrue(0 < rate.measured().min() && rate.measured().min() <= rate.median()
                        && rate.median() <= rate.measured().max(), name + rate);
                assertEquals(3, rate.measured().repeats(), name);
                assertTrue(rate.fractionOf(rates.get(rate.cost().limit().ceiling())) > 0, name);
            });
            assertEquals(Map.of("images", 2, "samples", 50), rates.get("noisy_forwards_per_second").sizes());
            // 20 * 16 + 16 * 8 + 8 * 3 multiply-adds, two operations each.
            assertEquals(944, rates.get("noisy_forwards_per_second").cost().flops());
            assertEquals(0, backend.liveBytes());
        }
    }

    @Test
    void givenKnownMeasurements_whenSummarised_thenMedianAndFractionsAreTheDefinitions() {
        Rate ceiling = Rate.of(new double[] {100}, Map.of(), new Cost(10, 0, Limit.FLOAT_PRODUCTS));
        Rate rate = Rate.of(new double[] {30, 10, 20, 60}, Map.of(), new Cost(4, 0, Limit.FLOAT_PRODUCTS));
        assertEquals(10, rate.measured().min());
        assertEquals(25, rate.median());
        assertEquals(60, rate.measured().max());
        assertEquals(100, rate.flopsPerSecond());
        assertEquals(0.1, rate.fractionOf(ceiling), 1e-15);
    }

    @Test
    void givenThreeSizesOfEach_whenGrown_thenTimeOverSizeIsWhatALineSays() throws IOException {
        try (Backend backend = CpuBackend.plainJava()) {
            List<Scaling.Line> lines = new ArrayList<>();
            new Scaling(backend, TINY).run(Monitor.SILENT, lines::add);
            assertEquals(List.of(2.0, 4.0, 8.0), lines.subList(0, 3).stream().map(Scaling.Line::size).toList());
            assertEquals(List.of(50.0, 100.0, 200.0), lines.subList(3, 6).stream().map(Scaling.Line::size).toList());
            // Hidden layers of 16 and 8, 32 and 16, 64 and 32.
            assertEquals(List.of(472.0, 1200.0, 3424.0), lines.subList(6, 9).stream().map(Scaling.Line::size).toList());
            Scaling.Line last = lines.get(8);
            assertEquals(last.seconds() / (2 * 50 * 3424.0), last.secondsAUnit(), 1e-18);
        }
    }

    @Test
    void givenACpu_whenABenchmarkIsSized_thenSizesAreThoseOfPeers() {
        try (Backend backend = CpuBackend.plainJava()) {
            BenchSettings.Timing timing = new BenchSettings.Timing(3, 0.5);
            assertEquals(new BenchSettings(BenchNetwork.dense(List.of(5, 2)), new BenchSettings.Noisy(4, 10_000),
                    new BenchSettings.Steps(500, 20, 8), new BenchSettings.Alone(4_000, 2_048), timing),
                    BenchSettings.suiting(backend, BenchNetwork.dense(List.of(5, 2)), timing));
        }
    }

    @Test
    void givenAnEdge_whenProductsAreBare_thenTheyAreCountedAndNothingIsLeft() {
        for (CpuBackend backend : List.of(CpuBackend.plainJava(), CpuBackend.create())) {
            try (backend) {
                try (BareProducts products = backend.bareProducts(31)) {
                    products.run();
                    assertEquals(31.0 * 31 * 31 * backend.info().workers(), products.multiplyAdds());
                }
                assertEquals(0, backend.liveBytes());
            }
        }
    }

    /** 16 x 16 x 16 units of 48 weights, 32 x 8 x 8 of 256, 2,048 x 100 and 100 x 10. */
    @Test
    void givenTheConvolutionalNetwork_whenCounted_thenItsWorkIsThatOfItsWindows() {
        assertEquals(4096.0 * 48 + 2048.0 * 256 + 204_800 + 1_000, BenchNetwork.convolutional().multiplyAdds());
        assertEquals(List.of(3072, 4096, 2048, 100, 10), BenchNetwork.convolutional().widths());
    }

    @Test
    void givenSizesThatMakeNoSense_whenSet_thenTheComplaintNamesThem() {
        assertThrows(ExperimentException.class, () -> BenchNetwork.dense(List.of(5)));
        assertThrows(ExperimentException.class, () -> TINY.withImages(0));
        assertThrows(ExperimentException.class, () -> new BenchSettings.Steps(1, 1, 0));
        assertThrows(ExperimentException.class, () -> new BenchSettings.Alone(1, 15));
        assertThrows(ExperimentException.class, () -> new BenchSettings.Timing(0, 1));
        assertThrows(ExperimentException.class, () -> new BenchSettings.Timing(1, 0));
    }
}

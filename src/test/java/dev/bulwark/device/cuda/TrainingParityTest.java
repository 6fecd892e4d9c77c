package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.IntervalLayer.Spread;
import dev.bulwark.device.IntervalLayer;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.TrainingOperations.Adam;
import dev.bulwark.device.TrainingOperations.AdamState;
import dev.bulwark.device.TrainingOperations.Average;
import dev.bulwark.device.TrainingOperations.Hidden;
import dev.bulwark.device.TrainingOperations.LossScratch;
import dev.bulwark.device.TrainingOperations.LossTerm;
import dev.bulwark.device.TrainingOperations.MeanRadius;
import dev.bulwark.device.TrainingOperations.Penalty;
import dev.bulwark.device.TrainingOperations;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.CudaOptions.NoisyKernels;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A training step's fused kernels against the CPU's separate operations in plain Java, at odd sizes. */
@GpuTest
class TrainingParityTest {

    private static final float TAU = 0.5f;
    /** Labels repeat with this period. */
    private static final int CLASSES_STEP = 7;

    /**
     * Everything in small tiles, or some in large ones: the emulated GPU's four multiprocessors have those at 1,031 rows.
     */
    protected CudaBackend open(ProductPrecision precision) {
        return TestGpu.open(new CudaOptions(Precision.FLOAT16, NoisyKernels.AUTO, precision, false));
    }

    /** What an operation left, by name. */
    private interface Run {
        void on(Lab lab);
    }

    /** One backend's buffers, filled with numbers that depend on the order of the calls alone. */
    private static final class Lab {
        final Backend backend;
        final TrainingOperations operations;
        final DeviceMemory memory;
        final SplittableRandom random = new SplittableRandom(17);
        final Map<String, float[]> results = new LinkedHashMap<>();

        Lab(Backend backend, DeviceMemory memory) {
            this.backend = backend;
            this.operations = backend.trainingOperations();
            this.memory = memory;
        }

        /** Between low and high, some of them exactly 0. */
        DeviceBuffer drawn(long length, double low, double high) {
            float[] values = new float[(int) length];
            for (int i = 0; i < values.length; ++i) {
                values[i] = random.nextInt(16) == 0 ? 0f : (float) (low + (high - low) * random.nextDouble());
            }
            return memory.holding(values);
        }

        /** NaN: what an operation does not overwrite shows. */
        DeviceBuffer unset(long length) {
            DeviceBuffer buffer = memory.allocate(length);
            backend.fill(buffer, Float.NaN);
            return buffer;
        }

        BoxRows drawnBoxes(int clean, int boxes, int columns, int radiusColumns) {
            return new BoxRows(drawn((long) (clean + boxes) * columns, -1, 1), drawn((long) boxes * radiusColumns, 0, 0.5),
                    clean, boxes, columns);
        }

        BoxRows unsetBoxes(int clean, int boxes, int columns, int radiusColumns) {
            return new BoxRows(unset((long) (clean + boxes) * columns), unset((long) boxes * radiusColumns), clean, boxes,
                    columns);
        }

        IntervalLayer layer(int in, int out, Spread spread) {
            double scale = Math.sqrt(3.0 / in);
            Affine affine = new Affine(drawn((long) in * out, -scale, scale), drawn(out, -0.1, 0.1), in, out);
            return IntervalLayer.allocate(memory, affine, new Affine(unset((long) in * out), unset(out), in, out), spread);
        }

        DeviceBuffer labels(int rows, int classes) {
            int[] labels = new int[rows];
            Arrays.setAll(labels, n -> n * CLASSES_STEP % classes);
            return memory.holding(labels);
        }

        float[] keep(String name, DeviceBuffer buffer) {
            float[] values = new float[(int) buffer.length()];
            backend.read(buffer, values);
            results.put(name, values);
            return values;
        }

        void keepInts(String name, DeviceBuffer buffer) {
            int[] values = new int[(int) buffer.length()];
            backend.read(buffer, values);
            float[] floats = new float[values.length];
            for (int i = 0; i < values.length; ++i) {
                floats[i] = values[i];
            }
            results.put(name, floats);
        }

        void keep(String name, BoxRows rows) {
            keep(name + ", points", rows.points());
            keep(name + ", radii", rows.radius());
        }
    }

    private void compare(double tolerance, ProductPrecision precision, Run run) {
        Map<String, float[]> expected;
        Map<String, float[]> actual;
        try (Backend cpu = CpuBackend.plainJava(); DeviceMemory memory = new DeviceMemory(cpu)) {
            Lab lab = new Lab(cpu, memory);
            run.on(lab);
            expected = lab.results;
        }
        try (CudaBackend gpu = open(precision)) {
            try (DeviceMemory memory = new DeviceMemory(gpu)) {
                Lab lab = new Lab(gpu, memory);
                run.on(lab);
                actual = lab.results;
            }
            assertEquals(0, gpu.liveBytes());
        }
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, values) -> close(name, values, actual.get(name), tolerance));
    }

    /** Within {@code tolerance} of the largest number of its kind; what is unknown is so in both. */
    private static void close(String name, float[] expected, float[] actual, double tolerance) {
        double largest = 0;
        for (float value : expected) {
            largest = Float.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        assertEquals(expected.length, actual.length, name);
        for (int i = 0; i < expected.length; ++i) {
            assertEquals(expected[i], actual[i], tolerance * largest, name + ", element " + i);
        }
    }

    /** Sums of k products of order 1, in float; or of factors rounded to 11 bits. */
    private static double tolerance(ProductPrecision precision, int k) {
        return precision == ProductPrecision.FLOAT32 ? (k + 40) * 0x1p-23 : 0x1p-8;
    }

    @ParameterizedTest
    @CsvSource({
        // clean, boxes, in, out, precision
        "0,1,1,1,FLOAT32", "3,3,5,7,FLOAT32", "31,31,33,17,FLOAT32", "33,33,300,10,FLOAT32", "0,65,784,31,FLOAT32",
        "65,65,130,129,FLOAT32", "17,0,300,33,FLOAT32", "1031,1031,5,3,FLOAT32", "600,40,129,130,FLOAT32",
        "31,31,33,17,TF32", "0,65,784,31,TF32", "65,65,130,129,TF32", "1031,1031,5,3,TF32",
    })
    void givenAHiddenLayer_whenForwards_thenBoxesBeforeAndBehindItsReluAreTheCpus(int clean, int boxes, int in, int out,
                                                                                ProductPrecision precision) {
        compare(tolerance(precision, in), precision, lab -> {
            BoxRows x = lab.drawnBoxes(clean, boxes, in, in);
            BoxRows before = lab.unsetBoxes(clean, boxes, out, out);
            BoxRows after = lab.unsetBoxes(clean, boxes, out, out);
            lab.operations.forward(lab.layer(in, out, Spread.OUTPUTS), x, new Hidden(before, after, Optional.empty()));
            lab.keep("behind", after);
            lab.keep("centres before", before.centre());
            lab.keep("radii before", before.radius());
        });
    }

    @Test
    void givenUnknownInputs_whenForwards_thenWhatDependsOnThemIsUnknownAndNothingElse() {
        compare(1e-5, ProductPrecision.FLOAT32, lab -> {
            float[] points = new float[6 * 5];
            Arrays.fill(points, -0.5f);
            points[7] = Float.NaN; // of the second clean row
            points[22] = Float.NaN; // of the second centre
            float[] radii = new float[3 * 5];
            radii[11] = Float.NaN; // of the third radius
            BoxRows x = new BoxRows(lab.memory.holding(points), lab.memory.holding(radii), 3, 3, 5);
            BoxRows before = lab.unsetBoxes(3, 3, 4, 4);
            BoxRows after = lab.unsetBoxes(3, 3, 4, 4);
            lab.operations.forward(lab.layer(5, 4, Spread.OUTPUTS), x, new Hidden(before, after, Optional.empty()));
            float[] behind = lab.keep("behind", after.points());
            lab.keep("radii behind", after.radius());
            assertTrue(Float.isNaN(behind[4]) && Float.isNaN(behind[16]) && !Float.isNaN(behind[0]), "rows of their own");
        });
    }

    @ParameterizedTest
    @CsvSource({
        // clean, boxes, in, out, spread, precision
        "2,2,5,3,OUTPUTS,FLOAT32", "33,33,300,10,DIFFERENCES,FLOAT32", "0,31,33,10,DIFFERENCES,FLOAT32",
        "17,17,129,70,OUTPUTS,FLOAT32", "9,0,300,10,DIFFERENCES,FLOAT32", "33,33,300,10,DIFFERENCES,TF32",
        "1031,1031,3,3,DIFFERENCES,FLOAT32",
    })
    void givenALastLayer_whenForwards_thenItsBoxesAreTheCpus(int clean, int boxes, int in, int out, Spread spread,
                                                             ProductPrecision precision) {
        compare(tolerance(precision, in), precision, lab -> {
            BoxRows x = lab.drawnBoxes(clean, boxes, in, in);
            BoxRows y = lab.unsetBoxes(clean, boxes, out, spread.rows(out));
            lab.operations.forward(lab.layer(in, out, spread), x, y);
            lab.keep("logits", y);
        });
    }

    @ParameterizedTest
    @CsvSource({
        // clean, boxes, in, out, spread, precision
        "0,1,1,1,OUTPUTS,FLOAT32", "3,3,5,7,OUTPUTS,FLOAT32", "31,31,33,17,OUTPUTS,FLOAT32",
        "300,300,33,10,DIFFERENCES,FLOAT32", "0,65,130,129,OUTPUTS,FLOAT32", "300,0,70,33,OUTPUTS,FLOAT32",
        "17,0,70,33,OUTPUTS,FLOAT32", "1500,1500,9,3,OUTPUTS,FLOAT32", "12,12,1031,1030,OUTPUTS,FLOAT32",
        "300,300,33,10,DIFFERENCES,TF32", "31,31,33,17,OUTPUTS,TF32", "2000,2000,49,16,OUTPUTS,FLOAT32",
    })
    void givenGradientsOfALayer_whenBackwards_thenThoseOfItsParametersAreTheCpus(int clean, int boxes, int in, int out,
                                                                                 Spread spread,
                                                                                 ProductPrecision precision) {
        compare(tolerance(precision, clean + 2 * boxes), precision, lab -> {
            IntervalLayer layer = lab.layer(in, out, spread);
            BoxRows x = lab.drawnBoxes(clean, boxes, in, in);
            BoxRows gradient = lab.drawnBoxes(clean, boxes, out, spread.rows(out));
            lab.operations.parameterGradient(layer, x, gradient);
            lab.keep("weights", layer.gradient().weight());
            lab.keep("biases", layer.gradient().bias());
        });
    }

    @ParameterizedTest
    @CsvSource({
        // clean, boxes, in, out, spread, penalised, precision
        "0,1,1,1,OUTPUTS,false,FLOAT32", "3,3,5,7,OUTPUTS,true,FLOAT32", "31,31,33,17,OUTPUTS,false,FLOAT32",
        "33,33,300,10,DIFFERENCES,true,FLOAT32", "0,65,130,129,OUTPUTS,true,FLOAT32", "17,0,33,300,OUTPUTS,false,FLOAT32",
        "1031,1031,5,3,DIFFERENCES,true,FLOAT32", "65,65,31,784,OUTPUTS,true,FLOAT32", "33,33,300,10,DIFFERENCES,true,TF32",
        "300,300,33,300,OUTPUTS,true,FLOAT32", "300,300,33,300,OUTPUTS,true,TF32", "300,0,33,300,OUTPUTS,false,FLOAT32",
    })
    void givenGradientsOfALayer_whenBackwards_thenThoseOfParametersAndBeforeTheReluBelowAreTheCpus(int clean, int boxes,
            int in, int out, Spread spread, boolean penalised,
                                                                                   ProductPrecision precision) {
        compare(tolerance(precision, spread.rows(out) + clean + 2 * boxes), precision, lab -> {
            Penalty penalty = new Penalty(lab.memory.holding(0.05f), TAU, lab.memory.holding(2f), lab.memory.holding(0.5f),
                    lab.memory.allocate(Penalty.STATE));
            Hidden below = new Hidden(lab.unsetBoxes(clean, boxes, in, in), lab.unsetBoxes(clean, boxes, in, in),
                    penalised ? Optional.of(penalty) : Optional.empty());
            // One input each, of a weight of 1: the boxes before the ReLU are the given ones to the bit on every backend.
            BoxRows x = lab.drawnBoxes(clean, boxes, in, in);
            IntervalLayer identity = identity(lab, in);
            lab.operations.forward(identity, x, below);
            IntervalLayer layer = lab.layer(in, out, spread);
            BoxRows y = lab.unsetBoxes(clean, boxes, out, spread.rows(out));
            lab.operations.forward(layer, below.after(), y); // leaves magnitudes where a backend wants them
            BoxRows gradient = lab.drawnBoxes(clean, boxes, out, spread.rows(out));
            BoxRows gradientBelow = lab.unsetBoxes(clean, boxes, in, in);
            lab.operations.backward(layer, below, gradient, gradientBelow);
            lab.keep("gradient", gradientBelow);
            lab.keep("weights", layer.gradient().weight());
            lab.keep("biases", layer.gradient().bias());
            if (penalised) {
                float[] loss = lab.keep("loss", penalty.loss());
                assertTrue(loss[0] > 0.51, "the regularisers are at work");
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        // clean, boxes, in, out, spread, precision
        "0,1,1,1,OUTPUTS,FLOAT32", "3,3,5,7,OUTPUTS,FLOAT32", "33,33,300,10,DIFFERENCES,FLOAT32",
        "0,65,130,129,OUTPUTS,FLOAT32", "17,0,33,300,OUTPUTS,FLOAT32", "65,65,31,784,OUTPUTS,TF32",
    })
    void givenGradientsOfALayer_whenTakenBackwards_thenThoseOfItsInputsAreTheCpus(int clean, int boxes, int in, int out,
                                                                                  Spread spread,
                                                                                  ProductPrecision precision) {
        compare(tolerance(precision, spread.rows(out)), precision, lab -> {
            IntervalLayer layer = lab.layer(in, out, spread);
            BoxRows y = lab.unsetBoxes(clean, boxes, out, spread.rows(out));
            lab.operations.forward(layer, lab.drawnBoxes(clean, boxes, in, in), y); // leaves magnitudes, where wanted
            BoxRows gradient = lab.drawnBoxes(clean, boxes, out, spread.rows(out));
            BoxRows below = lab.unsetBoxes(clean, boxes, in, in);
            lab.operations.inputGradient(layer, gradient, below);
            lab.keep("gradient", below);
        });
    }

    private static IntervalLayer identity(Lab lab, int width) {
        float[] weight = new float[width * width];
        for (int i = 0; i < width; ++i) {
            weight[i * width + i] = 1;
        }
        Affine affine = new Affine(lab.memory.holding(weight), lab.memory.zeros(width), width, width);
        return IntervalLayer.allocate(lab.memory, affine, affine, Spread.OUTPUTS);
    }

    @ParameterizedTest
    @CsvSource({
        // clean, boxes, classes, spread: 0 clean rows or boxes leave the term out
        "1,1,1,OUTPUTS", "3,3,3,DIFFERENCES", "33,33,10,DIFFERENCES", "33,33,10,OUTPUTS", "0,65,40,DIFFERENCES",
        "65,0,33,OUTPUTS", "1021,1021,3,OUTPUTS", "3000,3000,2,DIFFERENCES",
    })
    void givenLogits_whenBothLossesAreTaken_thenSumsPredictionsAndGradientsAreTheCpus(int clean, int boxes, int classes,
                                                                                     Spread spread) {
        int rows = Math.max(clean, boxes);
        // Sums of `rows` losses in double, each of them and each gradient to a few units in the last place.
        compare(0x1p-20, ProductPrecision.FLOAT32, lab -> {
            BoxRows logits = lab.drawnBoxes(clean, boxes, classes, spread.rows(classes));
            BoxRows gradient = lab.unsetBoxes(clean, boxes, classes, spread.rows(classes));
            LossTerm natural = new LossTerm(lab.memory.holding(0.75f), lab.memory.allocate(clean), lab.memory.holding(-1f));
            LossTerm worst = new LossTerm(lab.memory.holding(0.25f), lab.memory.allocate(boxes), lab.memory.holding(-1f));
            lab.operations.losses(logits, lab.labels(rows, classes), spread,
                    clean > 0 ? Optional.of(natural) : Optional.empty(), boxes > 0 ? Optional.of(worst) : Optional.empty(),
                    new LossScratch(lab.memory.allocate((long) rows * classes), lab.memory.allocate(rows)), gradient);
            lab.keep("gradient", gradient);
            lab.keep("natural sum", natural.sum());
            lab.keep("worst sum", worst.sum());
            lab.keepInts("natural predictions", natural.predictions());
            lab.keepInts("worst predictions", worst.predictions());
        });
    }

    @Test
    void givenATermThatIsLeftOut_whenTheOtherIsTaken_thenItsRowsAreNotTouched() {
        try (CudaBackend gpu = open(ProductPrecision.FLOAT32); DeviceMemory memory = new DeviceMemory(gpu)) {
            Lab lab = new Lab(gpu, memory);
            BoxRows logits = lab.drawnBoxes(4, 4, 3, 3);
            BoxRows gradient = lab.unsetBoxes(4, 4, 3, 3);
            LossTerm term = new LossTerm(memory.holding(1f), memory.allocate(4), memory.holding(0f));
            LossScratch scratch = new LossScratch(memory.allocate(12), memory.allocate(4));
            lab.operations.losses(logits, lab.labels(4, 3), Spread.OUTPUTS, Optional.empty(), Optional.of(term), scratch,
                    gradient);
            float[] points = lab.keep("points", gradient.points());
            for (int i = 0; i < points.length; ++i) {
                assertEquals(i < 12, Float.isNaN(points[i]), "element " + i);
            }
            gpu.fill(gradient.points(), Float.NaN);
            gpu.fill(gradient.radius(), Float.NaN);
            lab.operations.losses(logits, lab.labels(4, 3), Spread.OUTPUTS, Optional.of(term), Optional.empty(), scratch,
                    gradient);
            points = lab.keep("points", gradient.points());
            for (int i = 0; i < points.length; ++i) {
                assertEquals(i >= 12, Float.isNaN(points[i]), "element " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 1021, 40_009})
    void givenImages_whenBoxed_thenBoxesAndTheirMeanRadiusAreTheCpus(int columns) {
        compare(0x1p-23, ProductPrecision.FLOAT32, lab -> {
            DeviceBuffer images = lab.drawn(3L * columns, 0, 1);
            MeanRadius mean = new MeanRadius(lab.memory.holding(1f / (3 * columns)), lab.memory.allocate(1),
                    lab.memory.allocate(1));
            BoxRows boxes = lab.unsetBoxes(0, 3, columns, columns);
            lab.operations.boxAround(images, lab.memory.holding(0.1f), boxes, Optional.of(mean));
            lab.keep("boxes", boxes);
            lab.keep("mean", mean.mean());
            BoxRows others = lab.unsetBoxes(0, 3, columns, columns);
            lab.operations.boxAround(images, lab.memory.holding(0.1f), others, Optional.empty());
            lab.keep("without mean", others);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 1021, 300_007})
    void givenAGradient_whenClipped_thenItsNormAndFactorAreTheCpus(int length) {
        compare(0x1p-23, ProductPrecision.FLOAT32, lab -> {
            DeviceBuffer gradient = lab.drawn(length, -1, 1);
            for (float norm : new float[] {0.01f, 1e6f}) {
                DeviceBuffer squares = lab.unset(1);
                DeviceBuffer factor = lab.unset(1);
                lab.operations.clip(gradient, length, norm, squares, factor);
                lab.keep("squares for " + norm, squares);
                lab.keep("factor for " + norm, factor);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 1021, 5000})
    void givenAnAverage_whenAdamSteps_thenEveryBitIsTheCpus(int length) {
        compare(0, ProductPrecision.FLOAT32, lab -> {
            DeviceBuffer parameters = lab.drawn(length, -1, 1);
            DeviceBuffer average = lab.drawn(length, -1, 1);
            AdamState state = new AdamState(lab.drawn(length, -1, 1), lab.drawn(length, 0, 1),
                    lab.memory.holding(0.01f, 0.5f, 0.25f), lab.memory.holding(0.5f));
            lab.operations.adam(parameters, lab.drawn(length, -1, 1), length, new Adam(0.9f, 0.999f, 1e-8f, 0.01f), state,
                    Optional.of(new Average(average, 0.125f)));
            lab.keep("parameters", parameters);
            lab.keep("average", average);
            lab.keep("mean", state.mean());
            lab.keep("square", state.square());
        });
    }

    /** Blocks end in any order; what they leave is added up in one. */
    @Test
    void givenSumsOfManyBlocks_whenTakenAgain_thenEveryBitIsTheSame() {
        try (CudaBackend gpu = open(ProductPrecision.FLOAT32); DeviceMemory memory = new DeviceMemory(gpu)) {
            Lab lab = new Lab(gpu, memory);
            int rows = 25_000;
            int columns = 16;
            DeviceBuffer x = lab.drawn((long) rows * columns, -1, 1);
            DeviceBuffer sums = lab.unset(columns);
            DeviceBuffer total = lab.unset(1);
            float[] first = null;
            float[] firstTotal = null;
            for (int repeat = 0; repeat < 3; ++repeat) {
                gpu.reductions().columnSums(x, rows, columns, 0f, sums);
                gpu.reductions().sum(x, (long) rows * columns, 0f, total);
                float[] again = lab.keep("sums", sums);
                float[] againTotal = lab.keep("total", total);
                first = first == null ? again : first;
                firstTotal = firstTotal == null ? againTotal : firstTotal;
                assertArrayEquals(first, again);
                assertArrayEquals(firstTotal, againTotal);
            }
        }
    }
}

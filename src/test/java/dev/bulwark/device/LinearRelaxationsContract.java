package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.assertNotAbove;
import static dev.bulwark.device.BackendFixture.same;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.cpu.CpuBackend;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Linear relaxations for certificates, whose bounds must hold of exact numbers. */
public interface LinearRelaxationsContract extends OnBackend {

    private LinearRelaxations relaxations() {
        return backend().linearRelaxations();
    }

    /** Whether what forms become depends on no other forms to the last bit: a GPU cuts products into parts by their number. */
    private boolean sameBits() {
        return backend() instanceof CpuBackend;
    }

    private double productError(int terms) {
        return LinearRelaxations.productError(relaxations().roundings(terms));
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "31,33,5", "3,5,1021", "130,257,65", "9,1024,33"})
    default void givenForms_whenTakenBackThroughWeights_thenTheErrorIsAsPromised(int rows, int out, int in) {
        float[] a = values(rows * out);
        float[] w = values(in * out);
        a[0] = 1e-40f; // an underflow is promised to cost little
        w[0] = 1e-30f;
        for (int k = 1; k < Math.max(a.length, w.length); k += 5) { // a product with 0 is promised to be exact
            a[k % a.length] = 0;
            w[k % w.length] = 0;
        }
        try (DeviceBuffer forms = device(a); DeviceBuffer weight = device(w); DeviceBuffer bias = device(new float[out]);
             DeviceBuffer target = backend().allocate((long) rows * in)) {
            relaxations().backwardAffine(forms, rows, new Affine(weight, bias, in, out), target);
            float[] actual = host(target);
            for (int k = 0; k < actual.length; ++k) {
                double exact = 0; // in double: a billionth of what is promised of floats
                double promised = 0;
                for (int j = 0; j < out; ++j) {
                    float left = a[k / in * out + j];
                    float right = w[j * in + k % in];
                    exact += (double) left * right;
                    promised += left == 0 || right == 0 ? 0
                            : (Math.abs(left) + LinearRelaxations.NEGLIGIBLE) * (Math.abs(right)
                                    + LinearRelaxations.NEGLIGIBLE);
                }
                assertEquals(exact, actual[k], productError(out) * promised, "element " + k);
            }
        }
    }

    /** Units that are off in an image take no part, whatever is on in the next one. */
    @ParameterizedTest
    @CsvSource({"1,70,90,33", "3,100,257,65", "5,33,64,1021", "4,2,700,50"})
    default void givenImagesWithUnitsThatAreOff_whenTakenBackThroughWeights_thenTheErrorIsAsPromised(int images, int forms, int out,
            int in) {
        float[] a = values(images * forms * out);
        float[] w = values(in * out);
        float[] slope = new float[images * out];
        float[] intercept = new float[images * out];
        for (int k = 0; k < a.length; ++k) {
            int image = k / (forms * out);
            int unit = k % out;
            int kind = image == 1 ? 0 : (unit * 7 + image * 3) % 5; // one image has none on
            a[k] = kind < 3 ? unit % 2 == 0 ? 0f : -0f : a[k];
            slope[image * out + unit] = kind < 3 ? 0 : kind == 3 ? 1 : 0.25f;
            intercept[image * out + unit] = kind == 4 ? 0.5f : 0;
        }
        try (DeviceBuffer rows = device(a); DeviceBuffer weight = device(w); DeviceBuffer bias = device(new float[out]);
             DeviceBuffer upperSlope = device(slope); DeviceBuffer upperIntercept = device(intercept);
             DeviceBuffer others = device(new float[slope.length]); DeviceBuffer target = device(values(images * forms * in))) {
            Relaxation relu = new Relaxation(upperSlope, upperIntercept, others, others, others, out);
            Affine layer = new Affine(weight, bias, in, out);
            float[] actual = back(rows, images * forms, layer, relu, target, k -> k / forms);
            for (int k = 0; k < actual.length; ++k) {
                double exact = 0;
                double promised = 0;
                for (int j = 0; j < out; ++j) {
                    float left = a[k / in * out + j];
                    float right = w[j * in + k % in];
                    exact += (double) left * right;
                    promised += left == 0 || right == 0 ? 0
                            : (Math.abs(left) + LinearRelaxations.NEGLIGIBLE) * (Math.abs(right)
                                    + LinearRelaxations.NEGLIGIBLE);
                }
                assertEquals(exact, actual[k], productError(out) * promised, "element " + k);
            }
            for (int image = 0; image < images; ++image) {
                int own = image;
                float[] alone = back(rows.slice((long) image * forms * out, (long) forms * out), forms, layer, relu, target, k -> own);
                assertArrayEquals(Arrays.copyOfRange(actual, image * forms * in, (image + 1) * forms * in), alone, sameBits() ? 0 : 1e-4f,
                        "image " + image);
            }
        }
    }

    /** It must not vanish: what the form's constant has been charged for would be missing from its coefficients. */
    @ParameterizedTest
    @CsvSource({"3,0", "3,1", "200,0", "200,150"})
    default void givenACoefficientAtAUnitThatIsOff_whenTakenBackThroughWeights_thenItCountsOrTheFormIsNoNumber(int out, int on) {
        float[] slope = new float[out];
        Arrays.fill(slope, 0, on, 1);
        float[] a = new float[out];
        a[out - 1] = 2;
        float[] w = new float[out];
        w[out - 1] = 3;
        try (DeviceBuffer rows = device(a); DeviceBuffer weight = device(w); DeviceBuffer bias = device(new float[out]);
             DeviceBuffer upperSlope = device(slope); DeviceBuffer others = device(new float[out]);
             DeviceBuffer target = backend().allocate(1)) {
            Relaxation relu = new Relaxation(upperSlope, others, others, others, others, out);
            float found = back(rows, 1, new Affine(weight, bias, 1, out), relu, target, k -> 0)[0];
            assertTrue(found == 6 || Float.isNaN(found), "became " + found);
        }
    }

    private float[] back(DeviceBuffer rows, int count, Affine layer, Relaxation relu, DeviceBuffer target, IntUnaryOperator owner) {
        try (DeviceBuffer owners = backend().allocate(count)) {
            backend().write(IntStream.range(0, count).map(owner).toArray(), owners);
            relaxations().backwardAffine(rows, count, layer, owners, relu, target);
            return Arrays.copyOf(host(target), count * layer.in());
        }
    }

    /** One large product and many that a float next to it does not see: a sum in one go may lose them all. */
    @ParameterizedTest
    @ValueSource(ints = {100, 129, 1000, 5000})
    default void givenManySmallProductsAfterALargeOne_whenTakenBackThroughWeights_thenTheErrorIsAsPromised(int out) {
        float[] w = new float[out];
        Arrays.fill(w, 0x1p-25f);
        w[0] = 1;
        float[] a = new float[out];
        Arrays.fill(a, 1);
        try (DeviceBuffer forms = device(a); DeviceBuffer weight = device(w); DeviceBuffer bias = device(new float[out]);
             DeviceBuffer target = backend().allocate(1)) {
            relaxations().backwardAffine(forms, 1, new Affine(weight, bias, 1, out), target);
            double exact = 1 + (out - 1) * 0x1p-25;
            assertEquals(exact, host(target)[0], productError(out) * exact);
        }
    }

    @Test
    default void givenSumsOfMoreTermsThanFloatsCanCount_whenAskedForTheirError_thenThereIsNone() {
        assertEquals(9 * 0x1p-24, LinearRelaxations.productError(1), 0x1p-40);
        assertThrows(IllegalArgumentException.class, () -> LinearRelaxations.productError(1 << 23));
    }

    /** Relaxed ReLUs of {@code owners} images, with lines that need not fit any box: the operations must not care. */
    final class Lines implements AutoCloseable {
        final float[] upperSlope;
        final float[] upperIntercept;
        final float[] magnitude;
        final float[] productError;
        final Relaxation relaxation;

        Lines(OnBackend on, int owners, int units) {
            upperSlope = on.mapped(on.values(owners * units), v -> 0.5 + 0.5 * v);
            upperIntercept = on.mapped(on.values(owners * units), v -> Math.max(0, v));
            magnitude = on.mapped(on.values(owners * units), v -> 3 * Math.abs(v));
            productError = on.mapped(on.values(owners * units), v -> 1e-4 * Math.abs(v));
            relaxation = new Relaxation(on.device(upperSlope), on.device(upperIntercept), on.device(magnitude),
                    on.device(magnitude), on.device(productError), units);
        }

        @Override
        public void close() {
            for (DeviceBuffer buffer : List.of(relaxation.upperSlope(), relaxation.upperIntercept(),
                    relaxation.lowerSlope(), relaxation.magnitude(), relaxation.productError())) {
                buffer.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    default void givenForms_whenTakenBackThroughRelus_thenConstantsAreJustBelowWhatIsPromised(int rows, int owners,
            int units) {
        float[] a = values(rows * units);
        float[] constant = values(rows);
        float[] bias = values(units);
        float[] slopes = mapped(values(2 * units), v -> 0.5 + 0.75 * v); // some beyond [0, 1]
        int[] owner = random().ints(rows, 0, owners).toArray();
        int[] slopeRow = random().ints(rows, 0, 2).toArray();
        try (Lines lines = new Lines(this, owners, units); DeviceBuffer forms = device(a);
             DeviceBuffer constants = device(constant);
             DeviceBuffer b = device(bias); DeviceBuffer below = device(slopes); DeviceBuffer ownerRows = deviceInts(owner);
             DeviceBuffer slopeRows = deviceInts(slopeRow); DeviceBuffer target = backend().allocate((long) rows * units)) {
            relaxations().backwardActivation(forms, rows, ownerRows, lines.relaxation, below, slopeRows, b, target,
                    constants);
            float[] after = host(target);
            float[] gained = host(constants);
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double magnitude = Math.abs(constant[r]);
                for (int j = 0; j < units; ++j) {
                    float before = a[r * units + j];
                    float t = after[r * units + j];
                    int line = owner[r] * units + j;
                    float slope = before < 0 ? lines.upperSlope[line]
                            : Math.max(0, Math.min(1, slopes[slopeRow[r] * units + j]));
                    assertEquals((float) ((double) before * slope), t);
                    BigDecimal lost = new BigDecimal(before).multiply(new BigDecimal(slope))
                            .subtract(new BigDecimal(t)).abs() .multiply(new BigDecimal(lines.magnitude[line]))
                            .add(t == 0 ? BigDecimal.ZERO : new BigDecimal(Math.abs(t))
                                    .add(new BigDecimal(LinearRelaxations.NEGLIGIBLE))
                                    .multiply(new BigDecimal(lines.productError[line])));
                    BigDecimal shift = new BigDecimal(Math.min(before, 0))
                            .multiply(new BigDecimal(lines.upperIntercept[line]));
                    BigDecimal biased = new BigDecimal(t).multiply(new BigDecimal(bias[j]));
                    exact = exact.add(shift).add(biased).subtract(lost);
                    magnitude += shift.abs().add(biased.abs()).add(lost).doubleValue();
                }
                assertJustBelow(exact, gained[r], 4 * units, magnitude, "constant " + r);
            }
            float[] separate = after.clone();
            backend().write(constant, constants);
            relaxations().backwardActivation(forms, rows, ownerRows, lines.relaxation, below, slopeRows, b, forms,
                    constants);
            assertArrayEquals(separate, host(forms), "in place");
            assertArrayEquals(gained, host(constants));
        }
    }

    /** As above, with two lines of the box's own; one of them, and the size, may be unknown where it takes no part. */
    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    default void givenForms_whenTakenBackThroughFixedLines_thenConstantsAreJustBelowWhatIsPromised(int rows, int owners,
            int units) {
        float[] a = mapped(values(rows * units), v -> Math.abs(v) < 0.1 ? 0 : v);
        float[] constant = values(rows);
        float[] bias = values(units);
        float[][] slopes = {mapped(values(owners * units), v -> 0.5 + 0.5 * v), mapped(values(owners * units), v -> v * v)};
        float[][] intercepts = {values(owners * units), values(owners * units)};
        float[] magnitude = mapped(values(owners * units), v -> 3 * Math.abs(v));
        float[] productError = mapped(values(owners * units), v -> 1e-4 * Math.abs(v));
        int[] owner = random().ints(rows, 0, owners).toArray();
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Relaxation relaxation = new Relaxation(memory.holding(slopes[0]), memory.holding(intercepts[0]),
                    new Relaxation.Below(memory.holding(slopes[1]), 0, Optional.of(memory.holding(intercepts[1]))),
                    memory.holding(magnitude), memory.holding(productError), units);
            DeviceBuffer forms = memory.holding(a);
            DeviceBuffer target = memory.allocate((long) rows * units);
            DeviceBuffer constants = memory.holding(constant);
            DeviceBuffer ownerRows = memory.holding(owner);
            DeviceBuffer b = memory.holding(bias);
            relaxations().backwardActivation(forms, rows, ownerRows, relaxation, relaxation.lowerSlope(), ownerRows, b,
                    target, constants);
            float[] after = host(target);
            float[] gained = host(constants);
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double size = Math.abs(constant[r]);
                for (int j = 0; j < units; ++j) {
                    float before = a[r * units + j];
                    float t = after[r * units + j];
                    int line = owner[r] * units + j;
                    int side = before < 0 ? 0 : 1;
                    assertEquals((float) ((double) before * slopes[side][line]), t);
                    BigDecimal lost = new BigDecimal(before).multiply(new BigDecimal(slopes[side][line]))
                            .subtract(new BigDecimal(t)).abs().multiply(new BigDecimal(magnitude[line]))
                            .add(t == 0 ? BigDecimal.ZERO : new BigDecimal(Math.abs(t))
                                    .add(new BigDecimal(LinearRelaxations.NEGLIGIBLE))
                                    .multiply(new BigDecimal(productError[line])));
                    BigDecimal shift = new BigDecimal(before).multiply(new BigDecimal(intercepts[side][line]));
                    BigDecimal biased = new BigDecimal(t).multiply(new BigDecimal(bias[j]));
                    exact = exact.add(shift).add(biased).subtract(lost);
                    size += shift.abs().add(biased.abs()).add(lost).doubleValue();
                }
                assertJustBelow(exact, gained[r], 4 * units, size, "constant " + r);
            }
            backend().write(constant, constants);
            relaxations().backwardActivation(forms, rows, ownerRows, relaxation, relaxation.lowerSlope(), ownerRows, b,
                    forms, constants);
            assertArrayEquals(after, host(forms), "in place");
            assertArrayEquals(gained, host(constants));
        }
    }

    /** Constants bound a unit of unknown size, whose other line is unknown or its bound infinite. */
    @Test
    default void givenFixedLinesThatAreUnknown_whenTakenBack_thenTheyCountWhereTheyAreMeant() {
        float none = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float[][] forms = {{2, 0, 0}, {-2, 0, 0}, {0, -1, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, none}, {inf, 0, 0}};
        // What bounds the units: [-1, 4] and nothing else; 3 below and nothing above; nothing.
        float[] expected = {2 * -1, -2 * 4, none, 3, none, none, none};
        for (int r = 0; r < forms.length; ++r) {
            try (DeviceMemory memory = new DeviceMemory(backend())) {
                Relaxation relaxation = new Relaxation(memory.holding(0, none, none), memory.holding(4, none, none),
                        new Relaxation.Below(memory.holding(0, 0, none), 0, Optional.of(memory.holding(-1, 3, -inf))),
                        memory.holding(none, none, none), memory.holding(none, none, none), 3);
                DeviceBuffer target = memory.holding(forms[r]);
                DeviceBuffer constants = memory.zeros(1);
                DeviceBuffer owners = memory.holding(new int[1]);
                relaxations().backwardActivation(target, 1, owners, relaxation, relaxation.lowerSlope(), owners,
                        memory.holding(1, 1, 1), target, constants);
                float found = host(constants)[0];
                if (Float.isNaN(expected[r])) {
                    assertNotAbove(Double.NaN, found, "form " + r);
                } else {
                    assertEquals(expected[r], found, 1e-6);
                    assertTrue(found <= expected[r]);
                    same(new float[3], host(target));
                }
            }
        }
    }

    /** Slopes below a leaky ReLU begin at its own. */
    @Test
    default void givenALeastSlope_whenTakenBack_thenSlopesBelowItCountAsIt() {
        float none = Float.NaN;
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            DeviceBuffer one = memory.holding(1, 1, 1, 1);
            DeviceBuffer zero = memory.zeros(4);
            Relaxation relaxation = new Relaxation(one, zero, new Relaxation.Below(one, 0.25f, Optional.empty()), zero, zero,
                    4);
            DeviceBuffer owners = memory.holding(new int[1]);
            DeviceBuffer constants = memory.zeros(1);
            DeviceBuffer target = memory.holding(8, 8, 8, -8);
            relaxations().backwardActivation(target, 1, owners, relaxation, memory.holding(0, 0.5f, 2, none), owners, zero,
                    target, constants);
            same(new float[] {2, 4, 8, -8}, host(target));
            assertEquals(0, host(constants)[0], 1e-6);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "7,7,1021"})
    default void givenPoints_whenPutOnFixedLines_thenTheyAreThoseOfTheCoefficientsSigns(int rows, int owners, int units) {
        float[] a = values(rows * units);
        float[] z = values(rows * units);
        float[][] lines = {values(owners * units), values(owners * units), values(owners * units), values(owners * units)};
        int[] owner = random().ints(rows, 0, owners).toArray();
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Relaxation relaxation = new Relaxation(memory.holding(lines[0]), memory.holding(lines[1]),
                    new Relaxation.Below(memory.holding(lines[2]), 0, Optional.of(memory.holding(lines[3]))),
                    memory.zeros(1), memory.zeros(1), units);
            DeviceBuffer points = memory.holding(z);
            relaxations().onFixedLines(memory.holding(a), rows, memory.holding(owner), relaxation, points);
            float[] value = host(points);
            for (int k = 0; k < value.length; ++k) {
                int line = owner[k / units] * units + k % units;
                int side = a[k] < 0 ? 0 : 2;
                assertEquals((double) lines[side][line] * z[k] + lines[side + 1][line], value[k], 0x1p-22, "value " + k);
            }
        }
    }

    @Test
    default void givenOutputsOfALayer_whenEntered_thenFormsAreRowsOfItsWeightsOrTheirNegatives() {
        int in = 37;
        int out = 5;
        float[] w = values(out * in);
        float[] b = values(out);
        int[] forms = {0, 4, 5, 9, 2, 2};
        try (DeviceBuffer weight = device(w); DeviceBuffer bias = device(b); DeviceBuffer asked = deviceInts(forms);
             DeviceBuffer target = backend().allocate(forms.length * in);
             DeviceBuffer constants = backend().allocate(forms.length)) {
            relaxations().enter(new Affine(weight, bias, in, out), asked, forms.length, target, constants);
            float[] entered = host(target);
            float[] constant = host(constants);
            for (int r = 0; r < forms.length; ++r) {
                float side = forms[r] < out ? 1 : -1;
                assertEquals(side * b[forms[r] % out], constant[r]);
                for (int i = 0; i < in; ++i) {
                    assertEquals(side * w[forms[r] % out * in + i], entered[r * in + i]);
                }
            }
        }
    }

    @Test
    default void givenUnits_whenEntered_thenEachFormHasItsUnitAlone() {
        try (DeviceBuffer asked = deviceInts(1, 3, 5); DeviceBuffer target = device(7, 7, 7, 7, 7, 7, 7, 7, 7);
             DeviceBuffer constants = device(7, 7, 7)) {
            relaxations().enterUnits(3, asked, 3, target, constants);
            assertArrayEquals(new float[] {0, 1, 0, -1, 0, 0, 0, 0, -1}, host(target));
            assertArrayEquals(new float[3], host(constants));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    default void givenForms_whenTakenThroughABias_thenConstantsAreJustBelowWhatIsPromised(int rows, int owners, int units) {
        float[] a = values(rows * units);
        a[0] = 0;
        float[] constant = values(rows);
        float[] bias = values(units);
        float[] error = mapped(values(owners * units), v -> 1e-4 * Math.abs(v));
        int[] owner = random().ints(rows, 0, owners).toArray();
        error[owner[0] * units] = Float.NaN; // of a coefficient that is 0
        if (rows > 1) {
            a[units + units / 2] = 0;
            IntStream.range(1, rows).filter(r -> owner[r] == owner[0]).forEach(r -> a[r * units] = 0);
        }
        try (DeviceBuffer forms = device(a); DeviceBuffer constants = device(constant); DeviceBuffer b = device(bias);
             DeviceBuffer errors = device(error); DeviceBuffer ownerRows = deviceInts(owner)) {
            relaxations().backwardBias(forms, rows, ownerRows, b, errors, units, constants);
            float[] gained = host(constants);
            assertArrayEquals(a, host(forms));
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double magnitude = Math.abs(constant[r]);
                for (int j = 0; j < units; ++j) {
                    float coefficient = a[r * units + j];
                    if (coefficient != 0) {
                        BigDecimal biased = new BigDecimal(coefficient).multiply(new BigDecimal(bias[j]));
                        BigDecimal lost = new BigDecimal(Math.abs(coefficient))
                                .add(new BigDecimal(LinearRelaxations.NEGLIGIBLE))
                                .multiply(new BigDecimal(error[owner[r] * units + j]));
                        exact = exact.add(biased).subtract(lost);
                        magnitude += biased.abs().add(lost).doubleValue();
                    }
                }
                assertJustBelow(exact, gained[r], 2 * units, magnitude, "constant " + r);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    default void givenTwoWaysOfAForm_whenJoined_thenTheConstantPaysForTheRounding(int rows, int owners, int columns) {
        float[] a = values(rows * columns);
        float[] other = mapped(values(rows * columns), v -> v * 1e-3);
        float[] constant = values(rows);
        float[] magnitude = mapped(values(owners * columns), v -> 1e6 * Math.abs(v));
        int[] owner = random().ints(rows, 0, owners).toArray();
        try (DeviceBuffer forms = device(a); DeviceBuffer others = device(other); DeviceBuffer constants = device(constant);
             DeviceBuffer sizes = device(magnitude); DeviceBuffer ownerRows = deviceInts(owner)) {
            relaxations().join(forms, others, rows, ownerRows, sizes, columns, constants);
            float[] joined = host(forms);
            float[] left = host(constants);
            for (int r = 0; r < rows; ++r) {
                BigDecimal changed = BigDecimal.ZERO;
                double size = Math.abs(constant[r]);
                for (int i = 0; i < columns; ++i) {
                    int k = r * columns + i;
                    assertEquals(a[k] + other[k], joined[k]);
                    BigDecimal off = new BigDecimal(a[k]).add(new BigDecimal(other[k])).subtract(new BigDecimal(joined[k]));
                    changed = changed.add(off.abs().multiply(new BigDecimal(magnitude[owner[r] * columns + i])));
                    size += Math.ulp(joined[k]) * magnitude[owner[r] * columns + i];
                }
                BigDecimal most = new BigDecimal(constant[r]).subtract(changed);
                assertTrue(new BigDecimal(left[r]).compareTo(most) <= 0, left[r] + " exceeds " + most);
                double least = constant[r] - size * (1 + 1e-4);
                assertTrue(left[r] >= least, left[r] + " is far below " + most);
            }
        }
    }

    /** 1 + 2^-30 is no float; of an element of unknown size nothing is known then, and else it takes no part. */
    @Test
    default void givenAnUnknownSize_whenJoined_thenItCountsWhereTheSumIsRounded() {
        float most = Float.MAX_VALUE;
        try (DeviceBuffer forms = device(1, 1, most); DeviceBuffer other = device(1, 0x1p-30f, most);
             DeviceBuffer sizes = device(Float.NaN, Float.NaN, 1); DeviceBuffer constants = device(1, 1, 1);
             DeviceBuffer owners = deviceInts(0, 1, 2)) {
            relaxations().join(forms, other, 3, owners, sizes, 1, constants);
            assertArrayEquals(new float[] {2, 1, Float.POSITIVE_INFINITY}, host(forms));
            float[] left = host(constants);
            assertEquals(1, left[0], 1e-6);
            assertNotAbove(Double.NaN, left[1], "rounded");
            assertNotAbove(Double.NaN, left[2], "overflowed");
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "70,7,1021"})
    default void givenForms_whenMinimisedOverBoxes_thenTheExactMinimumIsJustAbove(int rows, int owners, int columns) {
        float[] a = values(rows * columns);
        float[] constant = values(rows);
        float[] l = values(owners * columns);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        int[] owner = random().ints(rows, 0, owners).toArray();
        try (DeviceBuffer forms = device(a); DeviceBuffer constants = device(constant); DeviceBuffer lower = device(l);
             DeviceBuffer upper = device(h); DeviceBuffer ownerRows = deviceInts(owner);
             DeviceBuffer minima = backend().allocate(rows);
             DeviceBuffer corners = backend().allocate((long) rows * columns)) {
            relaxations().concretize(forms, rows, ownerRows, lower, upper, columns, constants, minima);
            relaxations().corners(forms, rows, ownerRows, lower, upper, columns, corners);
            float[] actual = host(minima);
            float[] corner = host(corners);
            for (int r = 0; r < rows; ++r) {
                BigDecimal exact = new BigDecimal(constant[r]);
                double magnitude = Math.abs(constant[r]);
                for (int i = 0; i < columns; ++i) {
                    float x = (a[r * columns + i] > 0 ? l : h)[owner[r] * columns + i];
                    assertEquals(x, corner[r * columns + i]);
                    exact = exact.add(new BigDecimal(a[r * columns + i]).multiply(new BigDecimal(x)));
                    magnitude += Math.abs(a[r * columns + i] * x);
                }
                assertJustBelow(exact, actual[r], columns, magnitude, "minimum " + r);
            }
            relaxations().concretize(forms, rows, ownerRows, lower, upper, columns, constants, constants);
            assertArrayEquals(actual, host(constants), "in place");
        }
    }

    /** Against the closed form with the dual norm, in decimals; elements at the end of their box stay there. */
    @ParameterizedTest
    @EnumSource(InputBall.Dual.class)
    default void givenFormsOverBallsCutToBoxes_whenConcretized_thenBoundsAreThoseOfTheDualNormRoundedDown(
            InputBall.Dual dual) {
        MathContext digits = new MathContext(60);
        float centreError = 0x1p-24f;
        double epsilon = 0.3;
        float[] epsilons = {0.3f, 0.125f};
        for (int columns : new int[] {1, 33, 784}) {
            int rows = 5;
            float[] centre = mapped(values(2 * columns), v -> v < -0.5 ? 0 : v > 0.8 ? 1 : Math.abs(v));
            float[] lower = mapped(centre, x -> Math.max(0, x - epsilon));
            float[] upper = mapped(centre, x -> Math.min(1, x + epsilon));
            float[] a = values(rows * columns);
            float[] constant = values(rows);
            int[] owner = {0, 1, 1, 0, 1};
            float[] before = {-1e30f, Float.NaN, -1e30f, 1e30f, Float.NEGATIVE_INFINITY};
            try (DeviceMemory memory = new DeviceMemory(backend())) {
                InputBall ball = new InputBall(memory.holding(centre), memory.holding(lower), memory.holding(upper),
                        centreError, memory.holding(epsilons), dual);
                DeviceBuffer minima = memory.holding(before);
                DeviceBuffer corners = memory.allocate((long) rows * columns);
                DeviceBuffer forms = memory.holding(a);
                relaxations().concretize(forms, rows, memory.holding(owner), ball, columns, memory.holding(constant),
                        minima);
                relaxations().corners(forms, rows, memory.holding(owner), ball, columns, corners);
                float[] actual = host(minima);
                float[] corner = host(corners);
                for (int r = 0; r < rows; ++r) {
                    BigDecimal exact = new BigDecimal(constant[r]);
                    BigDecimal norm = BigDecimal.ZERO;
                    double atCorner = constant[r];
                    double magnitude = 1;
                    for (int i = 0; i < columns; ++i) {
                        BigDecimal of = new BigDecimal(a[r * columns + i]);
                        int at = owner[r] * columns + i;
                        BigDecimal product = of.multiply(new BigDecimal(centre[at]));
                        exact = exact.add(product).subtract(product.abs().multiply(new BigDecimal(centreError)));
                        boolean stays = of.signum() > 0 ? centre[at] == 0 : centre[at] == 1;
                        norm = stays ? norm : dual == InputBall.Dual.EUCLIDEAN ? norm.add(of.multiply(of))
                                : norm.max(of.abs());
                        atCorner += (double) a[r * columns + i] * corner[r * columns + i];
                        magnitude += Math.abs(product.doubleValue());
                    }
                    norm = dual == InputBall.Dual.EUCLIDEAN ? norm.sqrt(digits) : norm;
                    exact = exact.subtract(norm.multiply(new BigDecimal(epsilons[owner[r]])));
                    if (r == 3) {
                        assertEquals(1e30f, actual[r], "what is better stays");
                    } else {
                        assertJustBelow(exact, actual[r], 2 * columns, magnitude, "minimum " + r);
                    }
                    assertEquals(exact.doubleValue(), atCorner, 1e-5 * magnitude, "at corner " + r);
                }
            }
        }
    }

    /** Infinite coefficients are what an overflow leaves; a bound from them would be infinite where it should be none. */
    @Test
    default void givenUnknownOrEndlessForms_whenTakenBack_thenNothingIsKnownOfThem() {
        float inf = Float.POSITIVE_INFINITY;
        float[] a = {Float.NaN, 1, inf, 1, -inf, 1, inf, -inf};
        try (DeviceBuffer forms = device(a); DeviceBuffer constants = device(0, 0, 0, 0); DeviceBuffer lower = device(1, 1);
             DeviceBuffer upper = device(2, 2); DeviceBuffer owners = deviceInts(0, 0, 0, 0);
             DeviceBuffer ones = device(1, 1); DeviceBuffer zeros = device(0, 0);
             DeviceBuffer minima = backend().allocate(4); DeviceBuffer target = backend().allocate(8)) {
            relaxations().concretize(forms, 4, owners, lower, upper, 2, constants, minima);
            for (float minimum : host(minima)) {
                assertNotAbove(Double.NaN, minimum, "minimum");
            }
            for (DeviceBuffer error : List.of(ones, zeros)) {
                Relaxation relaxation = new Relaxation(ones, zeros, ones, ones, error, 2);
                backend().fill(constants, 0f);
                relaxations().backwardActivation(forms, 4, owners, relaxation, ones, owners, ones, target, constants);
                for (float constant : host(constants)) {
                    assertNotAbove(Double.NaN, constant, "constant");
                }
            }
        }
    }

    @Test
    default void givenUnknownLinesOfUnitsWithoutAShare_whenTakenBack_thenTheyTakeNoPart() {
        float none = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        // Unit 0 has no share of any form. Of unit 1, which is off, and unit 2, whose line is exact, sizes are unknown.
        try (DeviceBuffer forms = device(0, -1, 2, -0f, 1, -4); DeviceBuffer constants = device(8, 8);
             DeviceBuffer owners = deviceInts(0, 0); DeviceBuffer slope = device(none, 0, 1);
             DeviceBuffer intercept = device(none, 0, 0); DeviceBuffer magnitude = device(none, none, inf);
             DeviceBuffer productError = device(inf, none, 0); DeviceBuffer bias = device(1, 1, 0.5f);
             DeviceBuffer target = backend().allocate(6)) {
            Relaxation relaxation = new Relaxation(slope, intercept, slope, magnitude, productError, 3);
            relaxations().backwardActivation(forms, 2, owners, relaxation, slope, owners, bias, target, constants);
            same(new float[] {0, 0, 2, 0, 0, -4}, host(target));
            assertEquals(8 + 1, host(constants)[0], 1e-5);
            assertEquals(8 - 2, host(constants)[1], 1e-5);
            assertTrue(host(constants)[0] <= 9 && host(constants)[1] <= 6);
        }
    }

    @Test
    default void givenAnUnknownLowerSlope_whenTakenBack_thenNothingIsKnown() {
        float none = Float.NaN;
        try (DeviceBuffer forms = device(1); DeviceBuffer constants = device(0); DeviceBuffer owners = deviceInts(0);
             DeviceBuffer one = device(1); DeviceBuffer zero = device(0); DeviceBuffer unknown = device(none);
             DeviceBuffer target = backend().allocate(1)) {
            Relaxation relaxation = new Relaxation(one, zero, one, zero, zero, 1);
            relaxations().backwardActivation(forms, 1, owners, relaxation, unknown, owners, one, target, constants);
            assertTrue(Float.isNaN(host(constants)[0]), "a slope that is no number is none in [0, 1]");
        }
    }

    @Test
    default void givenUnknownLines_whenTakenBack_thenNothingIsKnown() {
        float none = Float.NaN;
        try (DeviceBuffer forms = device(-1, 1); DeviceBuffer constants = device(0); DeviceBuffer owners = deviceInts(0);
             DeviceBuffer unknown = device(none, none); DeviceBuffer ones = device(1, 1);
             DeviceBuffer target = backend().allocate(2)) {
            Relaxation relaxation = new Relaxation(unknown, unknown, ones, unknown, unknown, 2);
            relaxations().backwardActivation(forms, 1, owners, relaxation, ones, owners, ones, target, constants);
            assertTrue(Float.isNaN(host(constants)[0]));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "5,2,31", "33,3,33", "7,7,1021"})
    default void givenPoints_whenPutOnTheLines_thenGradientsAreThoseOfTheLowerSlopes(int rows, int owners, int units) {
        float[] a = values(rows * units);
        float[] z = values(rows * units);
        float[] slopes = mapped(values(rows * units), v -> 0.5 + 0.5 * v);
        int[] owner = random().ints(rows, 0, owners).toArray();
        try (Lines lines = new Lines(this, owners, units); DeviceBuffer forms = device(a); DeviceBuffer points = device(z);
             DeviceBuffer below = device(slopes); DeviceBuffer ownerRows = deviceInts(owner);
             DeviceBuffer gradients = backend().allocate((long) rows * units)) {
            relaxations().onFreeLines(forms, rows, ownerRows, lines.relaxation, below, points, gradients);
            float[] value = host(points);
            float[] gradient = host(gradients);
            for (int k = 0; k < value.length; ++k) {
                int line = owner[k / units] * units + k % units;
                double expected = a[k] < 0 ? (double) lines.upperSlope[line] * z[k] + lines.upperIntercept[line]
                        : (double) slopes[k] * z[k];
                assertEquals(expected, value[k], 0x1p-22, "value " + k); // two roundings of numbers below two
                boolean open = lines.upperIntercept[line] > 0;
                assertEquals(open && a[k] > 0 ? -(double) a[k] * z[k] : 0, gradient[k], 0x1p-24, "gradient " + k);
            }
        }
    }
}

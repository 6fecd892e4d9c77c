package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.assertNotAbove;
import static dev.bulwark.device.BackendFixture.same;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Linear forms in patches: what they do is what forms with a coefficient at every element do, and their bounds hold of exact
 * numbers.
 */
public interface PatchFormsContract extends OnBackend {

    private PatchForms patchForms() {
        return backend().patchForms();
    }

    /** Patches of units of convolutions, one behind the other. */
    enum Case {
        PADDED(new ImageShape(2, 5, 4), 3, 1, Windows.square(3, 1, 1)),
        WITHOUT_PADDING(new ImageShape(1, 9, 8), 2, 1, Windows.square(3, 3)),
        UNEQUAL(new ImageShape(4, 8, 7), 6, 2,
                new Windows(new Axis(3, 1, 0, 2, 1), new Axis(2, 2, 1, 0, 1))),
        DILATED(new ImageShape(2, 13, 12), 3, 1,
                new Windows(new Axis(3, 2, 2, 1, 2), new Axis(2, 1, 3, 0, 3))),
        LARGER_THAN_THE_IMAGE(new ImageShape(2, 3, 2), 3, 1,
                new Windows(new Axis(5, 1, 1, 3, 1), new Axis(3, 2, 3, 0, 2))),
        ONE_PLACE(new ImageShape(33, 1, 2), 9, 1, Windows.square(1, 1)),
        SEVERAL(new ImageShape(3, 11, 10), 4, 1, Windows.square(2, 2), Windows.square(3, 2, 1));

        final ImageShape image;
        final ImageShape units;
        final int groups;
        final Windows[] windows;
        final Patches patches;

        /** @param windows from the units to the image; what is between them has two channels */
        Case(ImageShape image, int channels, int groups, Windows... windows) {
            this.image = image;
            this.groups = groups;
            this.windows = windows;
            ImageShape between = windows.length == 1 ? image : windows[1].over(image, 2);
            this.units = windows[0].over(between, channels);
            Patches last = Patches.ofUnits(units).behind(between, windows[0]).orElseThrow();
            this.patches = windows.length == 1 ? last : last.behind(image, windows[1]).orElseThrow();
        }
    }

    /** Some forms of a case, of three owners, and what they are by definition. */
    final class Forms {
        final Patches patches;
        final int[] owner;
        final int[] form;
        final float[] coefficients;
        final float[] whole;
        final float[] constant;
        final PatchForms.Batch batch;
        final int image;

        Forms(OnBackend on, DeviceMemory memory, Patches patches) {
            this.patches = patches;
            this.image = patches.image().size();
            this.owner = on.random().ints(37, 0, 3).toArray();
            this.form = on.random().ints(37, 0, 2 * patches.units().size()).toArray();
            form[0] = 0;
            form[1] = 2 * patches.units().size() - 1;
            this.coefficients = on.mapped(on.values(form.length * patches.size()), v -> Math.abs(v) < 0.1 ? 0 : v);
            this.constant = on.values(form.length);
            this.whole = new float[form.length * image];
            for (int r = 0; r < form.length; ++r) {
                for (int k = 0; k < patches.size(); ++k) {
                    int at = element(r, k);
                    if (at < 0) {
                        coefficients[r * patches.size() + k] = k % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
                    } else {
                        whole[r * image + at] = coefficients[r * patches.size() + k];
                    }
                }
            }
            this.batch = new PatchForms.Batch(patches, memory.holding(owner), memory.holding(form), form.length);
        }

        /** The image's element that element k of form r's patch is; -1 outside. */
        int element(int r, int k) {
            int place = form[r] % patches.units().size() % patches.units().area();
            int row = place / patches.units().width() * patches.rows().step() + patches.rows().offset()
                    + k / patches.columns().size() % patches.rows().size();
            int column = place % patches.units().width() * patches.columns().step() + patches.columns().offset()
                    + k % patches.columns().size();
            int channel = k / patches.columns().size() / patches.rows().size();
            ImageShape of = patches.image();
            return row < 0 || row >= of.height() || column < 0 || column >= of.width() ? -1
                    : (channel * of.height() + row) * of.width() + column;
        }

        /** What the patches hold of forms with a coefficient at every element; 0 outside. */
        float[] parts(float[] of) {
            float[] parts = new float[coefficients.length];
            for (int k = 0; k < parts.length; ++k) {
                int at = element(k / patches.size(), k % patches.size());
                parts[k] = at < 0 ? 0 : of[k / patches.size() * image + at];
            }
            return parts;
        }
    }

    @ParameterizedTest
    @EnumSource
    default void givenPatches_whenSpread_thenEveryElementIsInItsPlace(Case c) {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Forms forms = new Forms(this, memory, c.patches);
            DeviceBuffer target = memory.holding(new float[forms.whole.length]);
            backend().fill(target, Float.NaN);
            patchForms().spread(memory.holding(forms.coefficients), forms.batch, target);
            same(forms.whole, host(target));
        }
    }

    @ParameterizedTest
    @EnumSource(names = "SEVERAL", mode = EnumSource.Mode.EXCLUDE)
    default void givenAConvolution_whenItsOutputsAreEntered_thenTheyAreThoseOfWholeForms(Case c) {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Convolution layer = Convolution.over(c.image,
                    memory.holding(values(c.units.channels() * c.image.channels() / c.groups * c.windows[0].elements())),
                    memory.holding(values(c.units.channels())), c.units.channels(), c.windows[0], c.groups);
            Forms forms = new Forms(this, memory, c.patches);
            DeviceBuffer whole = memory.allocate(forms.whole.length);
            DeviceBuffer wholeConstants = memory.allocate(forms.form.length);
            backend().convolutions().enter(layer, forms.batch.forms(), forms.form.length, whole, wholeConstants);
            DeviceBuffer target = memory.holding(forms.coefficients);
            DeviceBuffer constants = memory.allocate(forms.form.length);
            patchForms().enter(layer, forms.batch, target, constants);
            same(forms.parts(host(whole)), host(target));
            assertArrayEquals(host(wholeConstants), host(constants));
            DeviceBuffer spread = memory.allocate(forms.whole.length);
            patchForms().spread(target, forms.batch, spread);
            same(host(whole), host(spread));
        }
    }

    @ParameterizedTest
    @EnumSource
    default void givenUnits_whenEntered_thenTheyAreThoseOfWholeForms(Case c) {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Forms forms = new Forms(this, memory, Patches.ofUnits(c.units));
            DeviceBuffer whole = memory.allocate(forms.whole.length);
            DeviceBuffer constants = memory.holding(forms.constant);
            backend().linearRelaxations().enterUnits(c.units.size(), forms.batch.forms(), forms.form.length, whole, constants);
            DeviceBuffer target = memory.allocate(forms.coefficients.length);
            DeviceBuffer ofPatches = memory.holding(forms.constant);
            patchForms().enterUnits(forms.batch, target, ofPatches);
            same(forms.parts(host(whole)), host(target));
            same(new float[forms.form.length], host(ofPatches));
        }
    }

    /** Lines of any kind, and all that is charged, in decimals. */
    @ParameterizedTest
    @EnumSource
    default void givenPatches_whenTakenBackThroughLines_thenConstantsAreJustBelowWhatIsPromised(Case c) {
        for (boolean free : new boolean[] {true, false}) {
            try (DeviceMemory memory = new DeviceMemory(backend())) {
                Forms forms = new Forms(this, memory, c.patches);
                int lines = 3 * forms.image;
                float least = 0.25f;
                float[] above = mapped(values(lines), v -> 0.5 + 0.5 * v);
                float[] intercept = values(lines);
                float[] below = mapped(values(lines), v -> 0.5 + 0.75 * v); // some beyond [least, 1], if free
                float[] interceptBelow = free ? new float[lines] : values(lines);
                float[] magnitude = mapped(values(lines), v -> 3 * Math.abs(v));
                float[] error = mapped(values(lines), v -> 1e-4 * Math.abs(v));
                float[] bias = values(forms.image);
                Relaxation relaxation = new Relaxation(memory.holding(above), memory.holding(intercept),
                        new Relaxation.Below(memory.holding(below), least,
                                free ? Optional.empty() : Optional.of(memory.holding(interceptBelow))),
                        memory.holding(magnitude), memory.holding(error), forms.image);
                DeviceBuffer coefficients = memory.holding(forms.coefficients);
                DeviceBuffer constants = memory.holding(forms.constant);
                patchForms().backwardActivation(coefficients, forms.batch, relaxation, memory.holding(bias), constants);
                float[] after = new float[forms.whole.length];
                for (int r = 0; r < forms.form.length; ++r) {
                    BigDecimal exact = new BigDecimal(forms.constant[r]);
                    double size = Math.abs(forms.constant[r]);
                    for (int j = 0; j < forms.image; ++j) {
                        float a = forms.whole[r * forms.image + j];
                        int line = forms.owner[r] * forms.image + j;
                        float slope = a < 0 ? above[line] : free ? Math.max(least, Math.min(1, below[line])) : below[line];
                        float t = (float) ((double) a * slope);
                        after[r * forms.image + j] = t;
                        BigDecimal lost = new BigDecimal(a).multiply(new BigDecimal(slope)).subtract(new BigDecimal(t)).abs()
                                .multiply(new BigDecimal(magnitude[line])).add(charge(t, error[line]));
                        BigDecimal gained = new BigDecimal(a).multiply(new BigDecimal(
                                a < 0 ? intercept[line] : interceptBelow[line]));
                        BigDecimal biased = new BigDecimal(t).multiply(new BigDecimal(bias[j]));
                        exact = exact.add(gained).add(biased).subtract(lost);
                        size += gained.abs().add(biased.abs()).add(lost).doubleValue();
                    }
                    assertJustBelow(exact, host(constants)[r], 4 * c.patches.size(), size, "constant " + r);
                }
                same(forms.parts(after), host(coefficients));
            }
        }
    }

    private static BigDecimal charge(float coefficient, float error) {
        return coefficient == 0 ? BigDecimal.ZERO : new BigDecimal(Math.abs(coefficient))
                .add(new BigDecimal(LinearRelaxations.NEGLIGIBLE)).multiply(new BigDecimal(error));
    }

    @ParameterizedTest
    @EnumSource
    default void givenPatches_whenTakenThroughABias_thenConstantsAreJustBelowWhatIsPromised(Case c) {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Forms forms = new Forms(this, memory, c.patches);
            float[] bias = values(forms.image);
            float[] error = mapped(values(3 * forms.image), v -> 1e-3 * Math.abs(v));
            DeviceBuffer coefficients = memory.holding(forms.coefficients);
            DeviceBuffer constants = memory.holding(forms.constant);
            patchForms().backwardBias(coefficients, forms.batch, memory.holding(bias), memory.holding(error), constants);
            for (int r = 0; r < forms.form.length; ++r) {
                BigDecimal exact = new BigDecimal(forms.constant[r]);
                double size = Math.abs(forms.constant[r]);
                for (int j = 0; j < forms.image; ++j) {
                    float a = forms.whole[r * forms.image + j];
                    exact = exact.add(new BigDecimal(a).multiply(new BigDecimal(bias[j])))
                            .subtract(charge(a, error[forms.owner[r] * forms.image + j]));
                    size += Math.abs(a * bias[j]) + Math.abs(a * error[j]);
                }
                assertJustBelow(exact, host(constants)[r], 2 * c.patches.size(), size, "constant " + r);
            }
            same(forms.parts(forms.whole), host(coefficients));
        }
    }

    @ParameterizedTest
    @EnumSource
    default void givenPatches_whenConcretized_thenBoundsAreTheLeastOverTheBoxRoundedDown(Case c) {
        try (DeviceMemory memory = new DeviceMemory(backend())) {
            Forms forms = new Forms(this, memory, c.patches);
            float[] low = values(3 * forms.image);
            float[] high = mapped(low, v -> v + 0.5);
            DeviceBuffer coefficients = memory.holding(forms.coefficients);
            DeviceBuffer constants = memory.holding(forms.constant);
            DeviceBuffer minima = memory.allocate(forms.form.length);
            DeviceBuffer lower = memory.holding(low);
            DeviceBuffer upper = memory.holding(high);
            patchForms().concretize(coefficients, forms.batch, lower, upper, constants, minima);
            float[] found = host(minima);
            for (int r = 0; r < found.length; ++r) {
                BigDecimal exact = new BigDecimal(forms.constant[r]);
                double size = Math.abs(forms.constant[r]);
                for (int j = 0; j < forms.image; ++j) {
                    float a = forms.whole[r * forms.image + j];
                    int at = forms.owner[r] * forms.image + j;
                    BigDecimal product = new BigDecimal(a).multiply(new BigDecimal(a > 0 ? low[at] : high[at]));
                    exact = exact.add(product);
                    size += product.abs().doubleValue();
                }
                assertJustBelow(exact, found[r], c.patches.size(), size, "minimum " + r);
            }
            patchForms().concretize(coefficients, forms.batch, lower, upper, constants, constants);
            assertArrayEquals(found, host(constants), "in place");
        }
    }

    /** Of a unit that a form has no share of nothing need be known; an overflow leaves nothing known. */
    @Test
    default void givenUnknownLinesOrForms_whenTakenBack_thenTheyCountWhereTheyAreMeant() {
        ImageShape image = new ImageShape(1, 1, 3);
        Patches patches = Patches.ofUnits(image).behind(image, new Windows(new Axis(1, 1, 0, 0, 1), new Axis(3, 1, 1, 1, 1)))
                .orElseThrow();
        float none = Float.NaN;
        float inf = Float.POSITIVE_INFINITY;
        float[][] forms = {{inf, 2, 0}, {none, -2, 0}, {0, 0, 1}, {0, inf, 0}, {0, none, 0}};
        float[] expected = {2, -4, none, none, none};
        for (int r = 0; r < forms.length; ++r) {
            try (DeviceMemory memory = new DeviceMemory(backend())) {
                DeviceBuffer of = memory.holding(1, none, none);
                Relaxation relaxation = new Relaxation(of, memory.holding(1, none, none), of, of, memory.holding(0, none, none),
                        3);
                PatchForms.Batch batch = new PatchForms.Batch(patches, memory.holding(new int[1]), memory.holding(new int[1]),
                        1);
                for (int way = 0; way < 3; ++way) {
                    DeviceBuffer coefficients = memory.holding(forms[r]);
                    DeviceBuffer constants = memory.zeros(1);
                    DeviceBuffer errors = memory.holding(0, none, none);
                    switch (way) {
                        case 0 -> patchForms().backwardActivation(coefficients, batch, relaxation,
                                memory.holding(1, none, none), constants);
                        case 1 -> patchForms().backwardBias(coefficients, batch, memory.holding(forms[r][1] < 0 ? 2 : 1, none,
                                none), errors, constants);
                        default -> patchForms().concretize(coefficients, batch, memory.holding(1, -1, -1),
                                memory.holding(2, 1, 1), constants, constants);
                    }
                    float found = host(constants)[0];
                    if (Float.isNaN(expected[r]) && !(way == 2 && r == 2)) {
                        assertNotAbove(Double.NaN, found, "form " + r + ", way " + way);
                    } else if (r < 2) {
                        assertEquals(expected[r], found, 1e-5, "form " + r + ", way " + way);
                    }
                }
            }
        }
    }

    @Test
    default void givenPairsOfForms_whenOrdered_thenTheyAreTheSamePairs() {
        Patches patches = Case.UNEQUAL.patches;
        int units = patches.units().size();
        int[] unit = random().ints(50, 0, units).distinct().toArray();
        int[] owner = Arrays.stream(unit).flatMap(u -> IntStream.of(u % 3, u % 3)).toArray();
        int[] form = Arrays.stream(unit).flatMap(u -> IntStream.of(u, u + units)).toArray();
        try (DeviceBuffer owners = deviceInts(owner); DeviceBuffer forms = deviceInts(form)) {
            patchForms().order(patches, form.length, owners, forms);
            assertEquals(pairs(owner, form, units), pairs(hostInts(owners), hostInts(forms), units));
        }
    }

    private static List<String> pairs(int[] owner, int[] form, int units) {
        return IntStream.range(0, form.length / 2).mapToObj(pair -> {
            assertEquals(form[2 * pair] + units, form[2 * pair + 1]);
            assertEquals(owner[2 * pair], owner[2 * pair + 1]);
            return owner[2 * pair] + " " + form[2 * pair];
        }).sorted().toList();
    }

    @Test
    default void givenPatchesFarLargerThanAnyImage_whenAskedFor_thenThereAreNone() {
        ImageShape units = new ImageShape(1, 3, 3);
        Stream.of(new Axis(2, 1 << 28, 0, 0, 1), new Axis(2, 1, 1 << 28, 0, 1), new Axis(3, 1, 0, 0, 1 << 28))
                .forEach(axis -> assertEquals(Optional.empty(),
                        Patches.ofUnits(units).behind(units, new Windows(axis, new Axis(1, 1, 0, 0, 1)))));
    }
}

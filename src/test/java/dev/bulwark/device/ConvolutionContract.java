package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows.Axis;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What convolutions promise on every device: against sums in double that walk over the definition, and, where bounds are
 * concerned, against exact decimal sums.
 */
public abstract class ConvolutionContract extends BackendFixture {

    private final List<DeviceBuffer> buffers = new ArrayList<>();

    /** Geometry and number of images. */
    record Case(ImageShape input, int channels, Windows windows, int groups, int rows) {

        ImageShape output() {
            return windows.over(input, channels);
        }

        int taps() {
            return input.channels() / groups * windows.elements();
        }
    }

    static List<Case> cases() {
        return List.of(
                new Case(new ImageShape(1, 1, 1), 1, Windows.square(1, 1), 1, 1),
                new Case(new ImageShape(1, 28, 28), 16, Windows.square(7, 3), 1, 3),
                new Case(new ImageShape(3, 9, 11), 5, Windows.square(3, 2, 1), 1, 2),
                new Case(new ImageShape(4, 8, 7), 6, new Windows(new Axis(3, 1, 0, 2, 1), new Axis(2, 2, 1, 0, 1)), 2, 3),
                new Case(new ImageShape(2, 13, 12), 3, new Windows(new Axis(3, 2, 2, 1, 2), new Axis(2, 1, 3, 3, 3)), 1, 2),
                new Case(new ImageShape(6, 5, 5), 6, Windows.square(3, 1, 1), 6, 2),
                new Case(new ImageShape(33, 4, 3), 70, Windows.square(3, 1, 1), 1, 2),
                new Case(new ImageShape(1, 4, 5), 65, Windows.square(4, 1, 5), 1, 3),
                new Case(new ImageShape(65, 1, 2), 9, Windows.square(1, 1), 1, 33),
                new Case(new ImageShape(5, 7, 6), 4, Windows.square(1, 2), 1, 3), // inputs that no window covers
                new Case(new ImageShape(2, 10, 12), 3, Windows.square(2, 3), 1, 2), // and a rest that fits no window
                new Case(new ImageShape(2, 3, 2), 3, new Windows(new Axis(5, 1, 1, 3, 1), new Axis(3, 2, 3, 0, 2)), 1, 3),
                new Case(new ImageShape(3, 8, 8), 6, new Windows(new Axis(3, 2, 0, 1, 1), new Axis(3, 2, 1, 0, 1)), 3, 5),
                new Case(new ImageShape(400, 3, 3), 2, Windows.square(3, 1, 1), 1, 1));
    }

    @AfterEach
    @Override
    protected void everyByteIsReturned() {
        buffers.forEach(DeviceBuffer::close);
        super.everyByteIsReturned();
    }

    private DeviceBuffer kept(DeviceBuffer buffer) {
        buffers.add(buffer);
        return buffer;
    }

    private DeviceBuffer room(long length) {
        DeviceBuffer buffer = kept(backend.allocate(length));
        backend.fill(buffer, Float.NaN);
        return buffer;
    }

    private Convolution layer(Case c, float[] weight, float[] bias) {
        return Convolution.over(c.input, kept(device(weight)), kept(device(bias)), c.channels, c.windows, c.groups);
    }

    /** What one product of the definition is made of: flat indices within the weight, one image and one output. */
    private interface Product {
        void at(int weight, int input, int output);
    }

    /** Walks over all products of one image with elements inside it. */
    private static void walk(Case c, Product product) {
        ImageShape in = c.input;
        ImageShape out = c.output();
        int inChannels = in.channels() / c.groups;
        int outChannels = out.channels() / c.groups;
        Axis y = c.windows.height();
        Axis x = c.windows.width();
        for (int o = 0; o < out.channels(); ++o) {
            for (int p = 0; p < out.area(); ++p) {
                for (int k = 0; k < c.taps(); ++k) {
                    int i = o / outChannels * inChannels + k / c.windows.elements();
                    int r = k % c.windows.elements() / x.kernel();
                    int s = k % x.kernel();
                    int row = p / out.width() * y.stride() - y.before() + r * y.dilation();
                    int column = p % out.width() * x.stride() - x.before() + s * x.dilation();
                    if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
                        product.at(o * c.taps() + k, (i * in.height() + row) * in.width() + column, o * out.area() + p);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenImages_whenConvolved_thenTheDefinitionsSumsComeOut(Case c) {
        float[] x = values(c.rows * c.input.size());
        float[] w = values(c.channels * c.taps());
        float[] b = values(c.channels);
        double[] expected = new double[c.rows * c.output().size()];
        for (int n = 0; n < c.rows; ++n) {
            int from = n * c.input.size();
            int to = n * c.output().size();
            for (int k = 0; k < c.output().size(); ++k) {
                expected[to + k] = b[k / c.output().area()];
            }
            walk(c, (weight, input, output) -> expected[to + output] += (double) w[weight] * x[from + input]);
        }
        Convolution layer = layer(c, w, b);
        DeviceBuffer y = room(expected.length);
        backend.convolutions().apply(kept(device(x)), c.rows, layer, false, y);
        close(expected, host(y), tolerance(c.taps()));
        backend.convolutions().apply(kept(device(x)), c.rows, layer, true, y);
        close(Arrays.stream(expected).map(v -> Math.max(v, 0)).toArray(), host(y), tolerance(c.taps()));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenForms_whenTakenBack_thenTheTransposedSumsComeOut(Case c) {
        float[] a = values(c.rows * c.output().size());
        float[] w = values(c.channels * c.taps());
        double[] expected = new double[c.rows * c.input.size()];
        for (int n = 0; n < c.rows; ++n) {
            int to = n * c.input.size();
            int from = n * c.output().size();
            walk(c, (weight, input, output) -> expected[to + input] += (double) w[weight] * a[from + output]);
        }
        DeviceBuffer target = room(expected.length);
        backend.convolutions().applyTransposed(kept(device(a)), c.rows, layer(c, w, new float[c.channels]), target);
        close(expected, host(target), tolerance(c.channels / c.groups * c.windows.elements()));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenOutputs_whenEnteredAsForms_thenTheyAreRowsOfTheMatrixThatTheConvolutionIs(Case c) {
        float[] w = values(c.channels * c.taps());
        float[] b = values(c.channels);
        int in = c.input.size();
        int out = c.output().size();
        int[] forms = random.ints(9, 0, 2 * out).toArray();
        forms[0] = 2 * out - 1;
        float[] expected = new float[forms.length * in];
        float[] constants = new float[forms.length];
        for (int r = 0; r < forms.length; ++r) {
            int row = r;
            float side = forms[r] < out ? 1 : -1;
            walk(c, (weight, input, output) -> {
                if (output == forms[row] % out) {
                    expected[row * in + input] = side * w[weight];
                }
            });
            constants[r] = side * b[forms[r] % out / c.output().area()];
        }
        DeviceBuffer target = room(expected.length);
        DeviceBuffer constant = room(forms.length);
        backend.convolutions().enter(layer(c, w, b), kept(deviceInts(forms)), forms.length, target, constant);
        same(expected, host(target));
        same(constants, host(constant));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenGradientsOfOutputs_whenTakenToTheParameters_thenTheirSumsComeOut(Case c) {
        float[] x = values(c.rows * c.input.size());
        float[] d = values(c.rows * c.output().size());
        double[] weight = new double[c.channels * c.taps()];
        double[] bias = new double[c.channels];
        for (int n = 0; n < c.rows; ++n) {
            int image = n * c.input.size();
            int result = n * c.output().size();
            walk(c, (w, input, output) -> weight[w] += (double) x[image + input] * d[result + output]);
            for (int k = 0; k < c.output().size(); ++k) {
                bias[k / c.output().area()] += d[result + k];
            }
        }
        Convolution target = Convolution.over(c.input, room(weight.length), room(bias.length), c.channels, c.windows,
                c.groups);
        backend.convolutions().parameterGradient(kept(device(x)), kept(device(d)), c.rows, target);
        close(weight, host(target.weight()), tolerance(c.rows * c.output().area()));
        close(bias, host(target.bias()), tolerance(c.rows * c.output().area()));
    }

    /** Float bounds of one enclosure, and what they bound exactly. */
    private final class Enclosed {
        private final Case c;
        private final float[] low;
        private final float[] high;
        private final ExactSum[] exactLow;
        private final ExactSum[] exactHigh;
        private final double[] magnitude;

        /** In the exact box, intervals without two finite ends take no part. */
        Enclosed(Case c, float[] l, float[] h, float[] w, float[] b) {
            int outputs = c.output().size();
            this.c = c;
            this.exactLow = new ExactSum[c.rows * outputs];
            this.exactHigh = new ExactSum[exactLow.length];
            this.magnitude = new double[exactLow.length];
            for (int k = 0; k < exactLow.length; ++k) {
                float constant = b[k % outputs / c.output().area()];
                exactLow[k] = new ExactSum(constant);
                exactHigh[k] = new ExactSum(constant);
                magnitude[k] = Math.abs(constant);
            }
            for (int n = 0; n < c.rows; ++n) {
                int from = n * c.input.size();
                int to = n * outputs;
                walk(c, (weight, input, output) -> {
                    float least = (w[weight] > 0 ? l : h)[from + input];
                    float most = (w[weight] > 0 ? h : l)[from + input];
                    if (Float.isFinite(least) && Float.isFinite(most)) {
                        exactLow[to + output].addProduct(w[weight], least);
                        exactHigh[to + output].addProduct(w[weight], most);
                        magnitude[to + output] += Math.abs(w[weight]) * (double) Math.max(Math.abs(least), Math.abs(most));
                    }
                });
            }
            DeviceBuffer outLower = room(exactLow.length);
            DeviceBuffer outUpper = room(exactLow.length);
            backend.convolutions().enclose(kept(device(l)), kept(device(h)), c.rows, layer(c, w, b), outLower, outUpper);
            low = host(outLower);
            high = host(outUpper);
        }

        void requireOutside(int k) {
            assertTrue(new BigDecimal(low[k]).compareTo(exactLow[k].value()) <= 0,
                    () -> low[k] + " is above " + exactLow[k].value() + " at " + k);
            assertTrue(new BigDecimal(high[k]).compareTo(exactHigh[k].value()) >= 0,
                    () -> high[k] + " is below " + exactHigh[k].value() + " at " + k);
        }

        void requireJustOutside(int k) {
            assertJustBelow(exactLow[k].value(), low[k], c.taps(), magnitude[k], "lower " + k);
            assertJustBelow(exactHigh[k].value().negate(), -high[k], c.taps(), magnitude[k], "upper " + k);
        }

        void requireUnknown(int k) {
            assertTrue(Float.isNaN(low[k]) && Float.isNaN(high[k]), () -> "output " + k + ": " + low[k] + ", " + high[k]);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenABox_whenEnclosed_thenTheExactBoxIsJustInside(Case c) {
        float[] l = mapped(values(c.rows * c.input.size()), v -> v * 3);
        float[] h = mapped(l, v -> v + 0.25 + 0.125 * Math.sin(v * 100));
        Enclosed found = new Enclosed(c, l, h, values(c.channels * c.taps()), values(c.channels));
        for (int k = 0; k < found.low.length; ++k) {
            found.requireJustOutside(k);
        }
    }

    /** Every addition of equal products rounds the same way as long as the sum's exponent stays: errors add up. */
    @ParameterizedTest
    @MethodSource("cases")
    void givenRoundingErrorsThatAddUp_whenEnclosed_thenTheExactBoxIsJustInside(Case c) {
        for (float value : new float[] {0.1f, -0.7f}) {
            float[] x = new float[c.rows * c.input.size()];
            float[] w = new float[c.channels * c.taps()];
            Arrays.fill(x, value);
            Arrays.fill(w, 1.1f);
            Enclosed point = new Enclosed(c, x, x, w, values(c.channels));
            Enclosed around0 = new Enclosed(c, mapped(x, v -> -Math.abs(v)), mapped(x, Math::abs), w, new float[c.channels]);
            for (int k = 0; k < point.low.length; ++k) {
                point.requireJustOutside(k);
                around0.requireJustOutside(k);
            }
        }
    }

    /** Products that underflow, weights or inputs that are subnormal, sums near the largest float and beyond it. */
    @ParameterizedTest
    @MethodSource("cases")
    void givenAnyExponents_whenEnclosed_thenTheExactBoxIsInsideOrNothingIsSaid(Case c) {
        int[][] exponents = {{-70, -70}, {-140, 10}, {10, -140}, {-145, 120}, {120, -145}, {60, 60}, {64, 63}, {100, 27}};
        for (int[] of : exponents) {
            float[] l = mapped(values(c.rows * c.input.size()), v -> Math.scalb(v, of[0]));
            float[] h = mapped(l, v -> v + Math.abs(v) * 0.25);
            float[] w = mapped(values(c.channels * c.taps()), v -> Math.scalb(v, of[1]));
            Enclosed found = new Enclosed(c, l, h, w, new float[c.channels]);
            for (int k = 0; k < found.low.length; ++k) {
                if (Float.isNaN(found.low[k])) {
                    found.requireUnknown(k);
                    assertTrue(found.magnitude[k] > 0.5 * Float.MAX_VALUE, "output " + k + " is no more than "
                            + found.magnitude[k]);
                } else {
                    found.requireOutside(k);
                }
            }
        }
    }

    @Test
    void givenSumsBeyondTheLargestFloat_whenEnclosed_thenBothEndsAreUnknown() {
        Case c = new Case(new ImageShape(2, 1, 1), 4, Windows.square(1, 1), 1, 1);
        float[] w = {3e38f, 3e38f, -3e38f, -3e38f, 1e38f, 1e38f, 3e38f, 0};
        Enclosed found = new Enclosed(c, new float[] {1, 1}, new float[] {1, 1.25f}, w, new float[4]);
        found.requireUnknown(0);
        found.requireUnknown(1);
        found.requireOutside(2);
        found.requireJustOutside(3);
    }

    /** What gives a weight to an unknown interval is unknown; nothing else is. */
    @ParameterizedTest
    @MethodSource("cases")
    void givenUnknownsHereAndThere_whenEnclosed_thenOnlyWhatDependsOnThemIsUnknown(Case c) {
        float inf = Float.POSITIVE_INFINITY;
        float[][] unknowns = {{Float.NaN, Float.NaN}, {-inf, inf}, {0, inf}, {-inf, 0}, {inf, inf}};
        float[] l = values(c.rows * c.input.size());
        float[] h = mapped(l, v -> v + 0.25);
        float[] w = mapped(values(c.channels * c.taps()), v -> v > 0.3 ? 0 : v);
        for (int n = 0; n < c.rows; n += 2) {
            int k = n * c.input.size() + random.nextInt(c.input.size());
            l[k] = unknowns[n / 2 % unknowns.length][0];
            h[k] = unknowns[n / 2 % unknowns.length][1];
        }
        boolean[] lost = new boolean[c.rows * c.output().size()];
        for (int n = 0; n < c.rows; ++n) {
            int from = n * c.input.size();
            int to = n * c.output().size();
            walk(c, (weight, input, output) -> lost[to + output] |= w[weight] != 0
                    && !(Float.isFinite(l[from + input]) && Float.isFinite(h[from + input])));
        }
        Enclosed found = new Enclosed(c, l, h, w, values(c.channels));
        for (int k = 0; k < lost.length; ++k) {
            if (lost[k]) {
                found.requireUnknown(k);
            } else {
                found.requireJustOutside(k);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givenImagesAloneAndInABatch_whenConvolved_thenTheyGiveTheSameBits(Case c) {
        int in = c.input.size();
        int out = c.output().size();
        DeviceBuffer x = kept(device(values(c.rows * in)));
        DeviceBuffer h = kept(device(mapped(host(x), v -> v + 0.25)));
        DeviceBuffer a = kept(device(values(c.rows * out)));
        Convolution layer = layer(c, values(c.channels * c.taps()), values(c.channels));
        DeviceBuffer[] together = {room((long) c.rows * out), room((long) c.rows * out), room((long) c.rows * out),
            room((long) c.rows * in)};
        DeviceBuffer[] alone = {room((long) c.rows * out), room((long) c.rows * out), room((long) c.rows * out),
            room((long) c.rows * in)};
        Convolutions convolutions = backend.convolutions();
        convolutions.apply(x, c.rows, layer, true, together[0]);
        convolutions.enclose(x, h, c.rows, layer, together[1], together[2]);
        convolutions.applyTransposed(a, c.rows, layer, together[3]);
        for (int n = 0; n < c.rows; ++n) {
            DeviceBuffer image = x.slice((long) n * in, in);
            convolutions.apply(image, 1, layer, true, alone[0].slice((long) n * out, out));
            convolutions.enclose(image, h.slice((long) n * in, in), 1, layer, alone[1].slice((long) n * out, out),
                    alone[2].slice((long) n * out, out));
            convolutions.applyTransposed(a.slice((long) n * out, out), 1, layer, alone[3].slice((long) n * in, in));
        }
        for (int k = 0; k < together.length; ++k) {
            assertArrayEquals(host(together[k]), host(alone[k]), "result " + k);
        }
    }

    /** On small whole numbers nothing rounds, and central differences are the derivatives of what is linear. */
    @ParameterizedTest
    @MethodSource("cases")
    void givenWholeNumbers_whenDifferentiated_thenGradientsAreCentralDifferences(Case c) {
        DoubleUnaryOperator whole = v -> Math.rint(4 * v);
        float[] x = mapped(values(c.rows * c.input.size()), whole);
        float[] w = mapped(values(c.channels * c.taps()), whole);
        float[] b = mapped(values(c.channels), whole);
        float[] a = mapped(values(c.rows * c.output().size()), whole);
        DeviceBuffer d = kept(device(a));
        Convolution target = Convolution.over(c.input, room(w.length), room(b.length), c.channels, c.windows, c.groups);
        DeviceBuffer ofInputs = room(x.length);
        backend.convolutions().parameterGradient(kept(device(x)), d, c.rows, target);
        backend.convolutions().applyTransposed(d, c.rows, layer(c, w, b), ofInputs);
        differentiate(c, x, x, w, b, a, host(ofInputs));
        differentiate(c, w, x, w, b, a, host(target.weight()));
        differentiate(c, b, x, w, b, a, host(target.bias()));
    }

    /** Compares some elements of the gradient with respect to {@code moved}, which is x, w or b. */
    private void differentiate(Case c, float[] moved, float[] x, float[] w, float[] b, float[] a, float[] gradient) {
        for (int k = 0; k < 7; ++k) {
            int at = random.nextInt(moved.length);
            float kept = moved[at];
            moved[at] = kept + 1;
            double above = weighed(c, x, w, b, a);
            moved[at] = kept - 1;
            double below = weighed(c, x, w, b, a);
            moved[at] = kept;
            assertEquals((above - below) / 2, gradient[at], "element " + at + " of " + moved.length);
        }
    }

    /** The sum of all outputs, each times its element of a. */
    private double weighed(Case c, float[] x, float[] w, float[] b, float[] a) {
        try (DeviceBuffer images = device(x); DeviceBuffer weight = device(w); DeviceBuffer bias = device(b);
             DeviceBuffer y = backend.allocate(a.length)) {
            backend.convolutions().apply(images, c.rows,
                    Convolution.over(c.input, weight, bias, c.channels, c.windows, c.groups), false, y);
            float[] outputs = host(y);
            double sum = 0;
            for (int k = 0; k < a.length; ++k) {
                sum += (double) a[k] * outputs[k];
            }
            return sum;
        }
    }

    @Test
    void givenNoImages_whenConvolved_thenNothingIsWrittenAndGradientsAreZero() {
        Case c = new Case(new ImageShape(2, 3, 3), 3, Windows.square(2, 1), 1, 0);
        Convolution layer = layer(c, values(24), values(3));
        DeviceBuffer in = kept(device(values(18)));
        DeviceBuffer out = room(12);
        DeviceBuffer other = room(12);
        Convolutions convolutions = backend.convolutions();
        convolutions.apply(in, 0, layer, true, out);
        convolutions.enclose(in, in, 0, layer, out, other);
        convolutions.applyTransposed(in, 0, layer, other);
        for (int k = 0; k < 12; ++k) {
            assertTrue(Float.isNaN(host(out)[k]) && Float.isNaN(host(other)[k]), "element " + k);
        }
        Convolution target = Convolution.over(c.input, room(24), room(3), 3, c.windows, 1);
        convolutions.parameterGradient(in, out, 0, target);
        assertArrayEquals(new float[24], host(target.weight()));
        assertArrayEquals(new float[3], host(target.bias()));
    }

    @Test
    void givenANaN_whenConvolvedWithRelu_thenItStaysOne() {
        Case c = new Case(new ImageShape(1, 3, 3), 2, Windows.square(2, 1), 1, 2);
        float[] x = values(18);
        x[4] = Float.NaN; // the centre of the first image, which each of its windows covers
        DeviceBuffer y = room(16);
        backend.convolutions().apply(kept(device(x)), 2, layer(c, values(8), values(2)), true, y);
        float[] actual = host(y);
        for (int k = 0; k < 16; ++k) {
            assertEquals(k < 8, Float.isNaN(actual[k]), "element " + k);
        }
    }

    @Test
    void givenALayerThatDoesNotFit_whenMade_thenItIsRefused() {
        DeviceBuffer weight = kept(device(values(9)));
        DeviceBuffer bias = kept(device(values(2)));
        String message = assertThrows(IllegalArgumentException.class, () -> Convolution.over(
                new ImageShape(1, 4, 4), weight, bias, 2, Windows.square(3, 1), 1)).getMessage();
        assertTrue(message.contains("weight needs 18 elements but holds 9"), message);
    }

    @Test
    void givenChannelsThatFallIntoNoGroups_whenMade_thenItIsRefused() {
        DeviceBuffer weight = kept(device(values(99)));
        DeviceBuffer bias = kept(device(values(9)));
        for (int[] channels : new int[][] {{4, 6, 4}, {3, 4, 2}, {2, 2, 0}}) {
            String message = assertThrows(IllegalArgumentException.class, () -> Convolution.over(
                    new ImageShape(channels[0], 4, 4), weight, bias, channels[1], Windows.square(1, 1), channels[2]))
                    .getMessage();
            assertEquals(channels[0] + " and " + channels[1] + " channels don't fall into " + channels[2] + " groups",
                    message);
        }
    }

    /** Relative error of float sums of that many products, of values up to 1; twice what Higham 2002, section 3.1, has. */
    private static double tolerance(int terms) {
        return (terms + 4) * 0x1p-23;
    }
}

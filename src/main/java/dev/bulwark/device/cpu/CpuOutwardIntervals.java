package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Enclosure;
import dev.bulwark.device.OutwardIntervals;
import java.util.stream.IntStream;

/**
 * Boxes that hold the real-number network's values: of dense layers and convolutions by {@link FloatEnclosure}, of margins
 * by sums in double, where products of floats are exact. What sums may be off by is bounded (Higham 2002, section 3.1) and added outward.
 */
final class CpuOutwardIntervals implements OutwardIntervals {

    static final int[] NONE = {};
    /** Twice the unit roundoff of double: every count of operations below has a factor of two to spare. */
    private static final double ROUNDOFF = 0x1p-52;

    private final Spans spans;
    private final Workers workers;
    private final Products blocks;

    CpuOutwardIntervals(Spans spans, Workers workers, Products blocks) {
        this.spans = spans;
        this.workers = workers;
        this.blocks = blocks;
    }

    @Override
    public void box(DeviceBuffer x, long length, float centreError, double epsilon, DeviceBuffer lower, DeviceBuffer upper) {
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                double centre = s[0][i];
                double error = centre * centreError; // a power of two: exact, as are the sums with it
                s[1][i] = below(centre - error, epsilon);
                s[2][i] = Math.min(above(centre + error, epsilon), 1f);
            }
        }, Spans.Operand.in(x, length), Spans.Operand.out(lower, length), Spans.Operand.out(upper, length));
    }

    /**
     * The greatest float not above {@code a - b}, or 0 if that is negative. Without branches, of which pixels would make
     * every other one a misprediction: the sign of what the rounding to double and then to float added is the step.
     */
    private static float below(double a, double b) {
        double difference = a - b;
        float nearest = (float) difference;
        double left = (difference - nearest) + DirectedDouble.lost(a, -b, difference);
        int bits = Math.max(Float.floatToRawIntBits(nearest), 0);
        return Float.intBitsToFloat(Math.max(bits + (int) (Double.doubleToRawLongBits(left) >> 63), 0));
    }

    /** The least float not below {@code a + b}, which are not negative. */
    private static float above(double a, double b) {
        double sum = a + b;
        float nearest = (float) sum;
        double left = (sum - nearest) + DirectedDouble.lost(a, b, sum);
        return Float.intBitsToFloat(Float.floatToRawIntBits(nearest) + (int) (Double.doubleToRawLongBits(0 - left) >>> 63));
    }

    @Override
    public void affine(DeviceBuffer lower, DeviceBuffer upper, int rows, Affine layer,
                       DeviceBuffer outLower, DeviceBuffer outUpper) {
        try (Enclosure once = prepare(layer)) {
            once.run(lower, upper, rows, outLower, outUpper);
        }
    }

    @Override
    public Enclosure prepare(Affine layer) {
        return new FloatEnclosure(workers, DenseMap.of(layer, blocks));
    }

    @Override
    public void add(DeviceBuffer xLower, DeviceBuffer xUpper, DeviceBuffer yLower, DeviceBuffer yUpper, long length,
                    DeviceBuffer lower, DeviceBuffer upper) {
        spans.apply(length, (s, count) -> {
            for (int i = 0; i < count; ++i) {
                float low = Directed.down(DirectedDouble.sumDown(s[0][i], s[2][i]));
                float high = Directed.up(DirectedDouble.sumUp(s[1][i], s[3][i]));
                boolean known = Float.isFinite(low) && Float.isFinite(high);
                s[4][i] = known ? low : Float.NaN;
                s[5][i] = known ? high : Float.NaN;
            }
        }, Spans.Operand.in(xLower, length), Spans.Operand.in(xUpper, length), Spans.Operand.in(yLower, length),
                Spans.Operand.in(yUpper, length), Spans.Operand.out(lower, length), Spans.Operand.out(upper, length));
    }

    @Override
    public void margins(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer labels, int rows, Affine layer,
                        DeviceBuffer margins) {
        float[] w = Rows.load(layer.weight(), 0, layer.out(), layer.in());
        float[] b = Rows.load(layer.bias(), 0, layer.out(), 1);
        int[] y = Rows.loadInts(labels, 0, rows, 1);
        new Rows(workers).run(rows, (first, count) -> {
            Inputs inputs = Inputs.of(lower, upper, first, count, layer.in());
            float[] margin = new float[count * layer.out()];
            for (int n = 0; n < count; ++n) {
                for (int c = 0; c < layer.out(); ++c) {
                    if (c != y[first + n]) {
                        margin[n * layer.out() + c] = margin(w, b, layer.in(), y[first + n], c, inputs, n);
                    }
                }
            }
            Rows.store(margin, margins, first, layer.out());
        });
    }

    /** A lower bound of logit[label] - logit[other] as one affine map of the box of row n. */
    private static float margin(float[] w, float[] b, int in, int label, int other, Inputs inputs, int n) {
        double centre = (double) b[label] - b[other];
        double radius = 0;
        double norm = 0;
        for (int i = 0; i < in; ++i) {
            double difference = (double) w[label * in + i] - w[other * in + i];
            centre += difference * inputs.centre[n * in + i];
            radius += Math.abs(difference) * inputs.radius[n * in + i];
            norm += Math.abs(difference);
        }
        double slack = slack(in, norm, inputs.magnitude[n], Math.abs((double) b[label]) + Math.abs(b[other]));
        for (int i : inputs.unknown[n]) {
            if (w[label * in + i] != w[other * in + i]) {
                return Float.NaN;
            }
        }
        float below = Directed.down(centre - radius - slack);
        return Math.abs(below) < Float.MAX_VALUE ? below : Float.NaN;
    }

    /**
     * Bound of all rounding in a sum of {@code terms} products whose weights' absolute values sum to {@code norm}
     * and whose other factors are at most {@code magnitude}: centre, radius, their parts' rounding and the norm's.
     */
    private static double slack(int terms, double norm, double magnitude, double bias) {
        return 2 * (terms + 8) * ROUNDOFF * (norm * magnitude + bias) + Double.MIN_NORMAL;
    }

    /**
     * Centres and radii of some rows' boxes, and the largest absolute bound in each row.
     *
     * @param unknown columns of each row whose interval is unknown: they stand as [0, 0] among the others
     */
    private record Inputs(double[] centre, double[] radius, double[] magnitude, int[][] unknown) {

        static Inputs of(DeviceBuffer lower, DeviceBuffer upper, int first, int count, int columns) {
            float[] l = Rows.load(lower, first, count, columns);
            float[] u = Rows.load(upper, first, count, columns);
            double[] centre = new double[count * columns];
            double[] radius = new double[count * columns];
            double[] magnitude = new double[count];
            int[][] unknown = new int[count][];
            for (int n = 0; n < count; ++n) {
                unknown[n] = takeUnknown(l, u, n * columns, columns);
            }
            for (int k = 0; k < l.length; ++k) {
                int n = k / columns;
                centre[k] = 0.5 * ((double) u[k] + l[k]);
                radius[k] = 0.5 * ((double) u[k] - l[k]);
                magnitude[n] = Math.max(magnitude[n], Math.max(Math.abs(l[k]), Math.abs(u[k])));
            }
            return new Inputs(centre, radius, magnitude, unknown);
        }
    }

    /** The columns of a row that have no finite interval, which becomes [0, 0]. */
    static int[] takeUnknown(float[] lower, float[] upper, int at, int columns) {
        boolean known = true;
        for (int i = at; i < at + columns; ++i) {
            known &= Float.isFinite(lower[i]) & Float.isFinite(upper[i]);
        }
        if (known) {
            return NONE;
        }
        int[] unknown = IntStream.range(0, columns)
                .filter(i -> !(Float.isFinite(lower[at + i]) && Float.isFinite(upper[at + i]))).toArray();
        for (int i : unknown) {
            lower[at + i] = 0;
            upper[at + i] = 0;
        }
        return unknown;
    }
}

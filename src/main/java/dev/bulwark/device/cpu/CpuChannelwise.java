package dev.bulwark.device.cpu;

import dev.bulwark.device.Channelwise;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Directed;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.Scaling;
import dev.bulwark.shapes.Windows;

/** Affine maps of each channel on its own, image by image. Boxes are computed in double, and every error is added outward. */
final class CpuChannelwise implements Channelwise {

    private final Rows rows;

    CpuChannelwise(Rows rows) {
        this.rows = rows;
    }

    // ---- scalings --------------------------------------------------------------------------------------------------

    @Override
    public void scale(DeviceBuffer x, int count, Scaling scaling, boolean relu, DeviceBuffer y) {
        float[] factor = channels(scaling.factor(), scaling);
        float[] offset = channels(scaling.offset(), scaling);
        each(x, count, scaling.size(), scaling.size(), y, (from, to) -> {
            for (int c = 0; c < factor.length; ++c) {
                for (int i = c * scaling.area(); i < (c + 1) * scaling.area(); ++i) {
                    to[i] = finished(Math.fma(factor[c], from[i], offset[c]), relu);
                }
            }
        });
    }

    @Override
    public void scaleTransposed(DeviceBuffer a, int count, Scaling scaling, DeviceBuffer target) {
        float[] factor = channels(scaling.factor(), scaling);
        each(a, count, scaling.size(), scaling.size(), target, (from, to) -> {
            for (int c = 0; c < factor.length; ++c) {
                for (int i = c * scaling.area(); i < (c + 1) * scaling.area(); ++i) {
                    to[i] = factor[c] * from[i];
                }
            }
        });
    }

    @Override
    public void encloseScaled(DeviceBuffer lower, DeviceBuffer upper, int count, Scaling scaling, DeviceBuffer outLower,
                              DeviceBuffer outUpper) {
        Ends factor = Ends.around(channels(scaling.factor(), scaling), channels(scaling.factorError(), scaling));
        Ends offset = Ends.around(channels(scaling.offset(), scaling), channels(scaling.offsetError(), scaling));
        enclose(lower, upper, count, scaling.size(), scaling.size(), outLower, outUpper, (l, u, box) -> {
            for (int k = 0; k < l.length; ++k) {
                int c = k / scaling.area();
                if (factor.lower[c] == 0 && factor.upper[c] == 0) {
                    box.set(k, offset.lower[c], offset.upper[c]);
                } else if (Float.isFinite(l[k]) && Float.isFinite(u[k])) {
                    Product product = new Product(factor.lower[c], factor.upper[c], l[k], u[k]);
                    box.set(k, DirectedDouble.sumDown(product.least, offset.lower[c]), DirectedDouble.sumUp(product.most, offset.upper[c]));
                } else {
                    box.set(k, Double.NaN, Double.NaN);
                }
            }
        });
    }

    /** The least and greatest product of an interval of factors and one of values, outward: they lie at corners. */
    private static final class Product {

        private double least = Double.POSITIVE_INFINITY;
        private double most = Double.NEGATIVE_INFINITY;

        Product(double lowFactor, double highFactor, double low, double high) {
            take(lowFactor, low);
            take(lowFactor, high);
            take(highFactor, low);
            take(highFactor, high);
        }

        private void take(double factor, double value) {
            least = Math.min(least, DirectedDouble.productDown(factor, value));
            most = Math.max(most, DirectedDouble.productUp(factor, value));
        }
    }

    /** What lies no further from some numbers than their errors, outward. */
    private record Ends(double[] lower, double[] upper) {

        static Ends around(float[] centre, float[] error) {
            Ends ends = new Ends(new double[centre.length], new double[centre.length]);
            for (int c = 0; c < centre.length; ++c) {
                ends.lower[c] = DirectedDouble.sumDown(centre[c], -error[c]);
                ends.upper[c] = DirectedDouble.sumUp(centre[c], error[c]);
            }
            return ends;
        }
    }

    private static float[] channels(DeviceBuffer buffer, Scaling scaling) {
        return Rows.load(buffer, 0, scaling.channels(), 1);
    }

    // ---- average pooling -------------------------------------------------------------------------------------------

    @Override
    public void average(DeviceBuffer x, int count, Pooling pooling, boolean relu, DeviceBuffer y) {
        int[] divisors = divisors(pooling);
        each(x, count, pooling.input().size(), pooling.output().size(), y, (from, to) -> {
            walk(pooling, (input, output) -> to[output] += from[input]);
            for (int k = 0; k < to.length; ++k) {
                to[k] = finished(to[k] / divisors[k % divisors.length], relu);
            }
        });
    }

    @Override
    public void averageTransposed(DeviceBuffer a, int count, Pooling pooling, DeviceBuffer target) {
        int[] divisors = divisors(pooling);
        each(a, count, pooling.output().size(), pooling.input().size(), target, (from, to) ->
                walk(pooling, (input, output) -> to[input] += from[output] / divisors[output % divisors.length]));
    }

    @Override
    public void encloseAverage(DeviceBuffer lower, DeviceBuffer upper, int count, Pooling pooling, DeviceBuffer outLower,
                               DeviceBuffer outUpper) {
        int[] divisors = divisors(pooling);
        int outputs = pooling.output().size();
        enclose(lower, upper, count, pooling.input().size(), outputs, outLower, outUpper, (l, u, box) -> {
            double[] low = new double[outputs];
            double[] high = new double[outputs];
            walk(pooling, (input, output) -> {
                boolean known = Float.isFinite(l[input]) && Float.isFinite(u[input]);
                low[output] = known ? DirectedDouble.sumDown(low[output], l[input]) : Double.NaN;
                high[output] = known ? DirectedDouble.sumUp(high[output], u[input]) : Double.NaN;
            });
            for (int k = 0; k < outputs; ++k) {
                int divisor = divisors[k % divisors.length];
                box.set(k, DirectedDouble.quotientDown(low[k], divisor), DirectedDouble.quotientUp(high[k], divisor));
            }
        });
    }

    /** For each window of a channel, what its sum is divided by. */
    private static int[] divisors(Pooling pooling) {
        Windows.Axis height = pooling.windows().height();
        Windows.Axis width = pooling.windows().width();
        int columns = pooling.output().width();
        int[] divisors = new int[pooling.output().area()];
        for (int p = 0; p < divisors.length; ++p) {
            divisors[p] = pooling.countPadding() ? pooling.windows().elements()
                    : height.inside(p / columns, pooling.input().height()) * width.inside(p % columns, pooling.input().width());
        }
        return divisors;
    }

    /** Takes an element of the image and one of the result. */
    private interface Pair {
        void take(int input, int output);
    }

    /** Names each element of each window, window after window in ascending order. */
    private static void walk(Pooling pooling, Pair pair) {
        Windows.Axis height = pooling.windows().height();
        Windows.Axis width = pooling.windows().width();
        int rows = pooling.input().height();
        int columns = pooling.input().width();
        for (int k = 0; k < pooling.output().size(); ++k) {
            int channel = k / pooling.output().area();
            int top = k % pooling.output().area() / pooling.output().width() * height.stride() - height.before();
            int left = k % pooling.output().width() * width.stride() - width.before();
            for (int row = top; row < top + height.kernel() * height.dilation(); row += height.dilation()) {
                for (int column = left; row >= 0 && row < rows && column < left + width.kernel() * width.dilation();
                        column += width.dilation()) {
                    if (column >= 0 && column < columns) {
                        pair.take((channel * rows + row) * columns + column, k);
                    }
                }
            }
        }
    }

    // ---- row by row ------------------------------------------------------------------------------------------------

    private static float finished(float y, boolean relu) {
        return relu ? Math.max(y, 0f) : y;
    }

    /** One image; what comes out is 0 before. */
    private interface Image {
        void run(float[] from, float[] to);
    }

    private void each(DeviceBuffer source, int count, int in, int out, DeviceBuffer target, Image image) {
        source.require("source", (long) count * in);
        target.require("target", (long) count * out);
        rows.run(count, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                float[] to = new float[out];
                image.run(Rows.load(source, n, 1, in), to);
                Rows.store(to, target, n, out);
            }
        });
    }

    /** One image's boxes. */
    private interface BoxedImage {
        void run(float[] lower, float[] upper, Result box);
    }

    /** Boxes that come out: floats outward, NaN in both where one isn't finite. */
    private record Result(float[] lower, float[] upper) {

        void set(int k, double low, double high) {
            float l = Directed.down(low);
            float u = Directed.up(high);
            boolean known = Float.isFinite(l) && Float.isFinite(u);
            lower[k] = known ? l : Float.NaN;
            upper[k] = known ? u : Float.NaN;
        }
    }

    private void enclose(DeviceBuffer lower, DeviceBuffer upper, int count, int in, int out, DeviceBuffer outLower,
                         DeviceBuffer outUpper, BoxedImage image) {
        lower.require("lower", (long) count * in);
        upper.require("upper", (long) count * in);
        outLower.require("outLower", (long) count * out);
        outUpper.require("outUpper", (long) count * out);
        rows.run(count, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                Result box = new Result(new float[out], new float[out]);
                image.run(Rows.load(lower, n, 1, in), Rows.load(upper, n, 1, in), box);
                Rows.store(box.lower, outLower, n, out);
                Rows.store(box.upper, outUpper, n, out);
            }
        });
    }
}

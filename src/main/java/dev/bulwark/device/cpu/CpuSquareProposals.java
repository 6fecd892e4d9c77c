package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Philox;
import dev.bulwark.device.SquareProposals;
import dev.bulwark.shapes.ImageShape;
import java.nio.FloatBuffer;

/** Square's proposals, a row at a time. */
final class CpuSquareProposals implements SquareProposals {

    private final Rows rows;

    CpuSquareProposals(Rows rows) {
        this.rows = rows;
    }

    /** The draws of one row's query, on the host. */
    private record Drawn(Draws draws, int image, int start, int query) {

        /** A number below {@code count}, of which every query has {@link #DRAWS}. */
        int below(int count, int which) {
            long word = Philox.word(draws.key(), image, 3 * start, 8 * query + which) & 0xFFFFFFFFL;
            return (int) (word * count >>> 32);
        }

        boolean positive(int channels, int c) {
            return (Philox.word(draws.key(), image, 3 * start + 1, query * channels + c) & 1) == 1;
        }
    }

    /** A window of one channel. */
    private record Window(int top, int left, int side, int width) {

        int at(int channelStart, int u, int v) {
            return channelStart + (top + u) * width + left + v;
        }

        boolean holds(int u, int v) {
            return u >= top && u < top + side && v >= left && v < left + side;
        }
    }

    private static Drawn[] drawn(Draws draws, int first, int block) {
        int[] images = Rows.loadInts(draws.images(), first, block, 1);
        int[] starts = Rows.loadInts(draws.starts(), first, block, 1);
        int query = CpuMemory.ints(draws.query()).get(0);
        Drawn[] drawn = new Drawn[block];
        for (int n = 0; n < block; ++n) {
            drawn[n] = new Drawn(draws, images[n], starts[n], query);
        }
        return drawn;
    }

    private static Window window(Drawn drawn, ImageShape image, int side, int which) {
        return new Window(drawn.below(image.height() - side + 1, which), drawn.below(image.width() - side + 1, which + 1), side,
                image.width());
    }

    @Override
    public void squares(DeviceBuffer best, DeviceBuffer lower, DeviceBuffer upper, Draws draws, int count, ImageShape image, int side,
                        DeviceBuffer x) {
        int columns = image.size();
        FloatBuffer from = CpuMemory.floats(best.require("best", (long) count * columns));
        FloatBuffer low = CpuMemory.floats(lower.require("lower", (long) count * columns));
        FloatBuffer high = CpuMemory.floats(upper.require("upper", (long) count * columns));
        FloatBuffer to = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        rows.run(count, columns, (first, block) -> {
            Drawn[] drawn = drawn(draws, first, block);
            to.put(first * columns, from, first * columns, block * columns);
            for (int n = 0; n < block; ++n) {
                Window window = window(drawn[n], image, side, 0);
                for (int c = 0; c < image.channels(); ++c) {
                    FloatBuffer end = drawn[n].positive(image.channels(), c) ? high : low;
                    for (int u = 0; u < side; ++u) {
                        int begin = window.at((first + n) * columns + c * image.area(), u, 0);
                        to.put(begin, end, begin, side);
                    }
                }
            }
        });
    }

    @Override
    public void patterns(boolean euclidean, DeviceBuffer best, DeviceBuffer centres, DeviceBuffer pattern, DeviceBuffer radii,
                         Draws draws, int count, ImageShape image, int side, DeviceBuffer x) {
        int columns = image.size();
        float[] shape = Rows.load(pattern, 0, 1, side * side);
        FloatBuffer from = CpuMemory.floats(best.require("best", (long) count * columns));
        FloatBuffer middles = CpuMemory.floats(centres.require("centres", (long) count * columns));
        FloatBuffer lengths = CpuMemory.floats(radii.require("radii", count));
        FloatBuffer to = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        rows.run(count, columns, (first, block) -> {
            Drawn[] drawn = drawn(draws, first, block);
            float[] point = new float[columns];
            float[] centre = new float[columns];
            double[] way = new double[columns];
            for (int n = 0; n < block; ++n) {
                from.get((first + n) * columns, point);
                middles.get((first + n) * columns, centre);
                float radius = lengths.get(first + n);
                for (int e = 0; e < columns; ++e) {
                    way[e] = (double) point[e] - centre[e];
                }
                propose(euclidean, way, drawn[n], shape, image, side, radius);
                double length = euclidean ? Math.sqrt(power(true, way, 0, columns)) : 0;
                double scale = length > 0 ? radius / length : 1;
                for (int e = 0; e < columns; ++e) {
                    point[e] = (float) (centre[e] + scale * way[e]);
                }
                to.put((first + n) * columns, point);
            }
        });
    }

    private static double term(boolean euclidean, double value) {
        return euclidean ? value * value : Math.abs(value);
    }

    private static double power(boolean euclidean, double[] values, int from, int to) {
        double sum = 0;
        for (int e = from; e < to; ++e) {
            sum += term(euclidean, values[e]);
        }
        return sum;
    }

    private static double root(boolean euclidean, double sum) {
        return euclidean ? Math.sqrt(sum) : sum;
    }

    /** Changes a displacement in place. */
    private static void propose(boolean euclidean, double[] way, Drawn drawn, float[] shape, ImageShape image, int side,
                                double radius) {
        Window first = window(drawn, image, side, 0);
        Window second = window(drawn, image, side, 2);
        boolean transposed = drawn.below(2, 4) == 1;
        int channels = image.channels();
        double left = Math.max(0, euclidean ? radius * radius - power(true, way, 0, way.length)
                : radius - power(false, way, 0, way.length));
        double[] fresh = new double[side * side];
        for (int c = 0; c < channels; ++c) {
            int start = c * image.area();
            double inFirst = 0;
            double inSecond = 0;
            for (int u = 0; u < side; ++u) {
                for (int v = 0; v < side; ++v) {
                    inFirst += term(euclidean, way[first.at(start, u, v)]);
                    boolean both = first.holds(second.top + u, second.left + v);
                    inSecond += both ? 0 : term(euclidean, way[second.at(start, u, v)]);
                }
            }
            double norm = root(euclidean, inFirst);
            double sign = drawn.positive(channels, c) ? 1 : -1;
            double total = 0;
            for (int u = 0; u < side; ++u) {
                for (int v = 0; v < side; ++v) {
                    double old = norm > 0 ? way[first.at(start, u, v)] / norm : 0;
                    double value = sign * shape[transposed ? v * side + u : u * side + v] + old;
                    fresh[u * side + v] = value;
                    total += term(euclidean, value);
                }
            }
            double target = euclidean ? Math.sqrt(left / channels + inFirst + inSecond) : left + channels * (inFirst + inSecond);
            double scale = total > 0 ? target / root(euclidean, total) : 0;
            for (int u = 0; u < side; ++u) {
                for (int v = 0; v < side; ++v) {
                    way[second.at(start, u, v)] = 0;
                }
            }
            for (int u = 0; u < side; ++u) {
                for (int v = 0; v < side; ++v) {
                    way[first.at(start, u, v)] = scale * fresh[u * side + v];
                }
            }
        }
    }
}

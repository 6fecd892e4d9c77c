package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.MaxPoolRelaxation;
import dev.bulwark.device.MaxPooling;
import dev.bulwark.device.Pooling;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;

/** Maximum pooling, window after window. Forms are summed as {@link CpuLinearRelaxations} does it. */
final class CpuMaxPooling implements MaxPooling {

    private final Rows rows;

    CpuMaxPooling(Rows rows) {
        this.rows = rows;
    }

    /** The elements of each window of an image, by their numbers in the image. */
    private static int[][] windows(Pooling pooling) {
        ImageShape output = pooling.output();
        int[][] windows = new int[output.size()][];
        for (int k = 0; k < windows.length; ++k) {
            int[] lines = inside(pooling.windows().height(), k / output.width() % output.height(), pooling.input().height());
            int[] columns = inside(pooling.windows().width(), k % output.width(), pooling.input().width());
            int first = k / output.area() * pooling.input().area();
            windows[k] = new int[lines.length * columns.length];
            for (int i = 0; i < windows[k].length; ++i) {
                windows[k][i] = first + lines[i / columns.length] * pooling.input().width() + columns[i % columns.length];
            }
        }
        return windows;
    }

    /** What a window covers of an edge. */
    private static int[] inside(Windows.Axis axis, int window, int elements) {
        int[] covered = new int[axis.kernel()];
        int count = 0;
        for (int i = 0; i < axis.kernel(); ++i) {
            int at = window * axis.stride() - axis.before() + i * axis.dilation();
            if (at >= 0 && at < elements) {
                covered[count++] = at;
            }
        }
        return Arrays.copyOf(covered, count);
    }

    private static int largest(float[] values, int[] window) {
        int best = window[0];
        for (int i : window) {
            if (values[i] > values[best] || Float.isNaN(values[i]) && !Float.isNaN(values[best])) {
                best = i;
            }
        }
        return best;
    }

    @Override
    public void apply(DeviceBuffer x, int count, Pooling pooling, DeviceBuffer y) {
        y.require("y", (long) count * pooling.output().size());
        int[][] windows = windows(pooling);
        rows.run(count, (first, block) -> {
            float[] pooled = new float[windows.length];
            for (int n = first; n < first + block; ++n) {
                float[] image = Rows.load(x, n, 1, pooling.input().size());
                for (int k = 0; k < windows.length; ++k) {
                    pooled[k] = image[largest(image, windows[k])];
                }
                Rows.store(pooled, y, n, windows.length);
            }
        });
    }

    @Override
    public void choose(DeviceBuffer x, int count, Pooling pooling, DeviceBuffer chosen) {
        chosen.require("chosen", (long) count * pooling.output().size());
        int[][] windows = windows(pooling);
        rows.run(count, (first, block) -> {
            int[] numbers = new int[windows.length];
            for (int n = first; n < first + block; ++n) {
                float[] image = Rows.load(x, n, 1, pooling.input().size());
                for (int k = 0; k < windows.length; ++k) {
                    numbers[k] = largest(image, windows[k]);
                }
                storeInts(numbers, chosen, n);
            }
        });
    }

    private static void storeInts(int[] values, DeviceBuffer matrix, int row) {
        CpuMemory.intsToWrite(matrix).put(row * values.length, values);
    }

    @Override
    public void applyTransposed(DeviceBuffer a, DeviceBuffer chosen, int count, Pooling pooling, DeviceBuffer target) {
        target.require("target", (long) count * pooling.input().size());
        int outputs = pooling.output().size();
        rows.run(count, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                float[] given = Rows.load(a, n, 1, outputs);
                int[] to = Rows.loadInts(chosen, n, 1, outputs);
                float[] sums = new float[pooling.input().size()];
                for (int k = 0; k < outputs; ++k) {
                    sums[to[k]] += given[k];
                }
                Rows.store(sums, target, n, sums.length);
            }
        });
    }

    @Override
    public void enclose(DeviceBuffer lower, DeviceBuffer upper, int count, Pooling pooling, DeviceBuffer outLower,
                        DeviceBuffer outUpper) {
        int outputs = pooling.output().size();
        outLower.require("outLower", (long) count * outputs);
        outUpper.require("outUpper", (long) count * outputs);
        int[][] windows = windows(pooling);
        rows.run(count, (first, block) -> {
            float[] low = new float[outputs];
            float[] high = new float[outputs];
            for (int n = first; n < first + block; ++n) {
                float[] l = Rows.load(lower, n, 1, pooling.input().size());
                float[] u = Rows.load(upper, n, 1, pooling.input().size());
                for (int k = 0; k < outputs; ++k) {
                    low[k] = l[largest(l, windows[k])];
                    high[k] = u[largest(u, windows[k])];
                    if (Float.isNaN(low[k]) || Float.isNaN(high[k])) {
                        low[k] = Float.NaN;
                        high[k] = Float.NaN;
                    }
                }
                Rows.store(low, outLower, n, outputs);
                Rows.store(high, outUpper, n, outputs);
            }
        });
    }

    @Override
    public void relax(DeviceBuffer lower, DeviceBuffer upper, int images, MaxPoolRelaxation relaxation) {
        Pooling pooling = relaxation.pooling();
        int inputs = pooling.input().size();
        int outputs = pooling.output().size();
        int[][] windows = windows(pooling);
        rows.run(images, (first, block) -> {
            Lines lines = new Lines(outputs);
            float[] magnitude = new float[inputs];
            for (int n = first; n < first + block; ++n) {
                float[] l = Rows.load(lower, n, 1, inputs);
                float[] u = Rows.load(upper, n, 1, inputs);
                for (int k = 0; k < outputs; ++k) {
                    lines.relax(k, l, u, windows[k]);
                }
                for (int i = 0; i < inputs; ++i) {
                    magnitude[i] = Math.max(Math.abs(l[i]), Math.abs(u[i]));
                }
                storeInts(lines.chosen, relaxation.chosen(), n);
                Rows.store(lines.slope, relaxation.upperSlope(), n, outputs);
                Rows.store(lines.intercept, relaxation.upperIntercept(), n, outputs);
                Rows.store(magnitude, relaxation.magnitude(), n, inputs);
            }
        });
    }

    /** Of one image, as {@link MaxPoolRelaxation} says. */
    private static final class Lines {
        final int[] chosen;
        final float[] slope;
        final float[] intercept;

        Lines(int outputs) {
            chosen = new int[outputs];
            slope = new float[outputs];
            intercept = new float[outputs];
        }

        void relax(int k, float[] l, float[] u, int[] window) {
            int best = window[0];
            for (int i : window) {
                best = l[i] > l[best] || Float.isNaN(l[best]) && !Float.isNaN(l[i]) ? i : best;
            }
            boolean open = false;
            for (int i : window) {
                open |= i != best && !(u[i] <= l[best]);
            }
            chosen[k] = best;
            slope[k] = open ? 0 : 1;
            intercept[k] = open ? u[largest(u, window)] : 0;
        }
    }

    @Override
    public void contested(DeviceBuffer lower, DeviceBuffer upper, int images, MaxPoolRelaxation relaxation,
                          DeviceBuffer marks) {
        int inputs = relaxation.pooling().input().size();
        int outputs = relaxation.pooling().output().size();
        int[][] windows = windows(relaxation.pooling());
        rows.run(images, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                float[] l = Rows.load(lower, n, 1, inputs);
                float[] u = Rows.load(upper, n, 1, inputs);
                float[] slope = Rows.load(relaxation.upperSlope(), n, 1, outputs);
                int[] chosen = Rows.loadInts(relaxation.chosen(), n, 1, outputs);
                float[] mark = new float[inputs];
                Arrays.fill(mark, 1);
                for (int k = 0; k < outputs; ++k) {
                    for (int i : windows[k]) {
                        mark[i] = slope[k] == 0 && !(u[i] <= l[chosen[k]]) ? Float.NaN : mark[i];
                    }
                }
                Rows.store(mark, marks, n, inputs);
            }
        });
    }

    @Override
    public void backward(DeviceBuffer coefficients, int count, DeviceBuffer owners, MaxPoolRelaxation relaxation,
                         DeviceBuffer target, DeviceBuffer constants) {
        int inputs = relaxation.pooling().input().size();
        int outputs = relaxation.pooling().output().size();
        target.require("target", (long) count * inputs);
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            float[] c = Rows.load(constants, first, block, 1);
            for (int r = 0; r < block; ++r) {
                int n = owner[first + r];
                float[] a = Rows.load(coefficients, first + r, 1, outputs);
                int[] chosen = Rows.loadInts(relaxation.chosen(), n, 1, outputs);
                float[] slope = Rows.load(relaxation.upperSlope(), n, 1, outputs);
                float[] intercept = Rows.load(relaxation.upperIntercept(), n, 1, outputs);
                float[] magnitude = Rows.load(relaxation.magnitude(), n, 1, inputs);
                float[] sums = new float[inputs];
                FormConstant constant = new FormConstant(first + r, 2 * outputs, c[r]);
                for (int k = 0; k < outputs; ++k) {
                    if (a[k] < 0 && slope[k] == 0) {
                        constant.add((double) a[k] * intercept[k]);
                    } else if (a[k] != 0) {
                        int i = chosen[k];
                        sums[i] = constant.joined(sums[i], a[k], magnitude[i]);
                    }
                }
                Rows.store(sums, target, first + r, inputs);
                c[r] = constant.down();
            }
            Rows.store(c, constants, first, 1);
        });
    }

    @Override
    public void onLines(DeviceBuffer coefficients, int count, DeviceBuffer owners, MaxPoolRelaxation relaxation,
                        DeviceBuffer x, DeviceBuffer y) {
        int inputs = relaxation.pooling().input().size();
        int outputs = relaxation.pooling().output().size();
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            for (int r = first; r < first + block; ++r) {
                float[] a = Rows.load(coefficients, r, 1, outputs);
                float[] points = Rows.load(x, r, 1, inputs);
                int[] chosen = Rows.loadInts(relaxation.chosen(), owner[r], 1, outputs);
                float[] slope = Rows.load(relaxation.upperSlope(), owner[r], 1, outputs);
                float[] intercept = Rows.load(relaxation.upperIntercept(), owner[r], 1, outputs);
                for (int k = 0; k < outputs; ++k) {
                    a[k] = a[k] < 0 && slope[k] == 0 ? intercept[k] : points[chosen[k]];
                }
                Rows.store(a, y, r, outputs);
            }
        });
    }
}

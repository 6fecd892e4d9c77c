package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Directed;
import dev.bulwark.device.InputBall;
import dev.bulwark.device.LinearRelaxations;
import dev.bulwark.device.Relaxation;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Linear forms on their way back through activations. Constants are summed in double, where products of floats are exact;
 * what the sums may be off by ({@link FormConstant}) is taken off before rounding down to float. It is infinite where
 * anything overflowed, and the result then NaN.
 */
final class CpuLinearRelaxations implements LinearRelaxations {

    private final Rows rows;
    private final FloatRuns products;
    private final FormLoops loops;

    CpuLinearRelaxations(Rows rows, FloatRuns products, FormLoops loops) {
        this.rows = rows;
        this.products = products;
        this.loops = loops;
    }

    /** A row of each of some matrices, copied when another one than the last is asked for. */
    private static final class Loaded {
        private final FloatBuffer[] matrices;
        private final float[][] row;
        private int at = -1;

        Loaded(int columns, DeviceBuffer... buffers) {
            matrices = new FloatBuffer[buffers.length];
            row = new float[buffers.length][columns];
            for (int i = 0; i < buffers.length; ++i) {
                matrices[i] = CpuMemory.floats(buffers[i]);
            }
        }

        float[][] row(int index) {
            if (index != at) {
                for (int i = 0; i < matrices.length; ++i) {
                    matrices[i].get(index * row[i].length, row[i]);
                }
                at = index;
            }
            return row;
        }
    }

    @Override
    public void enter(Affine layer, DeviceBuffer forms, int count, DeviceBuffer target, DeviceBuffer constants) {
        int[] form = Rows.loadInts(forms, 0, count, 1);
        enter(count, layer.in(), target, constants, (r, coefficients) -> {
            int output = form[r] % layer.out();
            CpuMemory.floats(layer.weight()).get(output * layer.in(), coefficients);
            float constant = CpuMemory.floats(layer.bias()).get(output);
            if (form[r] >= layer.out()) {
                for (int i = 0; i < coefficients.length; ++i) {
                    coefficients[i] = -coefficients[i];
                }
                return -constant;
            }
            return constant;
        });
    }

    @Override
    public void enterUnits(int units, DeviceBuffer forms, int count, DeviceBuffer target, DeviceBuffer constants) {
        int[] form = Rows.loadInts(forms, 0, count, 1);
        enter(count, units, target, constants, (r, coefficients) -> {
            Arrays.fill(coefficients, 0);
            coefficients[form[r] % units] = form[r] < units ? 1 : -1;
            return 0;
        });
    }

    /** Sets the coefficients of a row and returns its constant. */
    private interface Entry {
        float enter(int row, float[] coefficients);
    }

    private void enter(int count, int columns, DeviceBuffer target, DeviceBuffer constants, Entry entry) {
        target.require("target", (long) count * columns);
        constants.require("constants", count);
        rows.run(count, (first, block) -> {
            float[] coefficients = new float[columns];
            float[] constant = new float[1];
            for (int r = first; r < first + block; ++r) {
                constant[0] = entry.enter(r, coefficients);
                Rows.store(coefficients, target, r, columns);
                Rows.store(constant, constants, r, 1);
            }
        });
    }

    @Override
    public int roundings(int terms) {
        return FloatRuns.roundings(terms);
    }

    @Override
    public void backwardAffine(DeviceBuffer a, int count, Affine layer, DeviceBuffer target) {
        products.multiply(count, layer.in(), layer.out(), a, layer.weight(), target);
    }

    @Override
    public void backwardAffine(DeviceBuffer a, int count, Affine layer, DeviceBuffer owners, Relaxation relu,
                               DeviceBuffer target) {
        int units = layer.out();
        FloatBuffer slopes = CpuMemory.floats(relu.upperSlope());
        FloatBuffer intercepts = CpuMemory.floats(relu.upperIntercept());
        products.multiply(count, layer.in(), units, a, layer.weight(), target, Rows.loadInts(owners, 0, count, 1),
                owner -> IntStream.range(0, units)
                        .filter(j -> slopes.get(owner * units + j) != 0 || intercepts.get(owner * units + j) != 0).toArray());
    }

    @Override
    public void backwardActivation(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                                   DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                                   DeviceBuffer constants) {
        if (relaxation.hasFreeSlopes()) {
            throughFreeLines(coefficients, count, owners, relaxation, slopes, slopeRows, bias, target, constants);
        } else {
            throughFixedLines(coefficients, count, owners, relaxation, bias, target, constants);
        }
    }

    private void throughFreeLines(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                                  DeviceBuffer slopes, DeviceBuffer slopeRows, DeviceBuffer bias, DeviceBuffer target,
                                  DeviceBuffer constants) {
        int units = relaxation.units();
        float least = relaxation.below().least();
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        int[] slopeRow = Rows.loadInts(slopeRows, 0, count, 1);
        float[] b = Rows.load(bias, 0, 1, units);
        rows.run(count, (first, block) -> {
            Loaded lines = new Loaded(units, relaxation.upperSlope(), relaxation.upperIntercept(),
                    relaxation.magnitude(), relaxation.productError());
            Loaded below = new Loaded(units, slopes);
            float[] a = Rows.load(coefficients, first, block, units);
            float[] c = Rows.load(constants, first, block, 1);
            for (int r = 0; r < block; ++r) {
                float[][] above = lines.row(owner[first + r]);
                float[] lower = below.row(slopeRow[first + r])[0];
                float constant = throughFreeLines(a, r * units, above, lower, least, b, c[r]);
                if (!Float.isFinite(constant)) {
                    CpuMemory.floats(coefficients).get((first + r) * units, a, r * units, units);
                    constant = throughFreeLinesWithoutZeros(a, r * units, above, lower, least, b, c[r]);
                }
                c[r] = constant;
            }
            Rows.store(a, target, first, units);
            Rows.store(c, constants, first, 1);
        });
    }

    private float throughFreeLines(float[] a, int at, float[][] lines, float[] below, float least, float[] bias,
                                   float constant) {
        FormConstant sum = new FormConstant(0, 4 * bias.length, constant);
        loops.throughFreeLines(a, at, new FormLoops.FreeLines(lines, below, least, bias), 0, bias.length, sum);
        return sum.down();
    }

    /** As {@link FormLoops#throughFreeLines}, where what is multiplied by exactly 0 takes no part. */
    static float throughFreeLinesWithoutZeros(float[] a, int at, float[][] lines, float[] below, float least, float[] bias,
                                              float constant) {
        double sum = constant;
        double absolute = Math.abs(constant);
        for (int j = 0; j < bias.length; ++j) {
            float before = a[at + j];
            if (before == 0) {
                continue; // whatever is known of the unit
            }
            double exact = (double) before * (before < 0 ? lines[0][j] : Math.max(least, Math.min(1f, below[j])));
            float after = (float) exact;
            double shift = before < 0 ? (double) before * lines[1][j] : 0;
            double biased = (double) after * bias[j];
            double off = Math.abs(exact - after);
            double lost = (off == 0 ? 0 : off * lines[2][j])
                    + (after == 0 ? 0 : (Math.abs(after) + NEGLIGIBLE) * lines[3][j]);
            sum += shift + biased - lost;
            absolute += Math.abs(shift) + Math.abs(biased) + lost;
            a[at + j] = after;
        }
        return Directed.down(sum - FormConstant.slack(4 * bias.length, absolute));
    }

    private void throughFixedLines(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                                   DeviceBuffer bias, DeviceBuffer target, DeviceBuffer constants) {
        int units = relaxation.units();
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        float[] b = Rows.load(bias, 0, 1, units);
        rows.run(count, (first, block) -> {
            Loaded lines = new Loaded(units, relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.lowerSlope(),
                    relaxation.below().intercept().orElseThrow(), relaxation.magnitude(), relaxation.productError());
            float[] a = Rows.load(coefficients, first, block, units);
            float[] c = Rows.load(constants, first, block, 1);
            for (int r = 0; r < block; ++r) {
                FormConstant constant = new FormConstant(first + r, 4 * units, c[r]);
                throughFixedLines(a, r * units, lines.row(owner[first + r]), b, constant);
                c[r] = constant.down();
            }
            Rows.store(a, target, first, units);
            Rows.store(c, constants, first, 1);
        });
    }

    /** One form, in place, its coefficients {@code a[at ..]}; what is multiplied by exactly 0 takes no part. */
    static void throughFixedLines(float[] a, int at, float[][] lines, float[] bias, FormConstant constant) {
        for (int j = 0; j < bias.length; ++j) {
            float before = a[at + j];
            if (before == 0) {
                continue;
            }
            int side = before < 0 ? 0 : 2;
            double exact = (double) before * lines[side][j];
            float after = (float) exact;
            constant.add((double) before * lines[side + 1][j]);
            constant.add((double) after * bias[j]);
            if (exact != after) {
                constant.add(-Math.abs(exact - after) * lines[4][j]);
            }
            if (after != 0) {
                constant.add(-(Math.abs(after) + NEGLIGIBLE) * lines[5][j]);
            }
            a[at + j] = after;
        }
    }

    @Override
    public void backwardBias(DeviceBuffer coefficients, int count, DeviceBuffer owners, DeviceBuffer bias,
                             DeviceBuffer productError, int units, DeviceBuffer constants) {
        float[] b = Rows.load(bias, 0, 1, units);
        sumDown(coefficients, count, owners, productError, units, constants,
                (a, error, r, sum) -> throughBias(a, r * units, b, error, sum));
    }

    /** One form, its coefficients {@code a[at ..]}. */
    static void throughBias(float[] a, int at, float[] bias, float[] productError, FormConstant constant) {
        for (int j = 0; j < bias.length; ++j) {
            float coefficient = a[at + j];
            if (coefficient != 0) {
                constant.add((double) coefficient * bias[j]);
                constant.add(-(Math.abs(coefficient) + NEGLIGIBLE) * productError[j]);
            }
        }
    }

    @Override
    public void join(DeviceBuffer coefficients, DeviceBuffer other, int count, DeviceBuffer owners, DeviceBuffer magnitudes,
                     int columns, DeviceBuffer constants) {
        sumDown(coefficients, count, owners, magnitudes, columns, constants, (a, magnitude, r, sum) -> {
            float[] b = Rows.load(other, sum.row(), 1, columns);
            for (int i = 0; i < columns; ++i) {
                a[r * columns + i] = sum.joined(a[r * columns + i], b[i], magnitude[i]);
            }
        });
    }

    /** Changes row {@code row} of some loaded coefficients and its constant, given its owner's row of another matrix. */
    private interface Change {
        void change(float[] coefficients, float[] owned, int row, FormConstant constant);
    }

    private void sumDown(DeviceBuffer coefficients, int count, DeviceBuffer owners, DeviceBuffer owned, int columns,
                         DeviceBuffer constants, Change change) {
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded of = new Loaded(columns, owned);
            float[] a = Rows.load(coefficients, first, block, columns);
            float[] c = Rows.load(constants, first, block, 1);
            for (int r = 0; r < block; ++r) {
                FormConstant constant = new FormConstant(first + r, 2 * columns, c[r]);
                change.change(a, of.row(owner[first + r])[0], r, constant);
                c[r] = constant.down();
            }
            Rows.store(a, coefficients, first, columns);
            Rows.store(c, constants, first, 1);
        });
    }

    @Override
    public void concretize(DeviceBuffer coefficients, int count, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                           int columns, DeviceBuffer constants, DeviceBuffer minima) {
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded box = new Loaded(columns, lower, upper);
            float[] a = Rows.load(coefficients, first, block, columns);
            float[] c = Rows.load(constants, first, block, 1);
            for (int r = 0; r < block; ++r) {
                c[r] = minimum(a, r * columns, box.row(owner[first + r]), c[r]);
            }
            Rows.store(c, minima, first, 1);
        });
    }

    private float minimum(float[] a, int at, float[][] box, float constant) {
        FormConstant sum = new FormConstant(0, box[0].length, constant);
        loops.minimum(a, at, box[0], box[1], 0, box[0].length, sum);
        return sum.down();
    }

    @Override
    public void corners(DeviceBuffer coefficients, int count, DeviceBuffer owners, DeviceBuffer lower, DeviceBuffer upper,
                        int columns, DeviceBuffer corners) {
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded box = new Loaded(columns, lower, upper);
            float[] a = Rows.load(coefficients, first, block, columns);
            for (int r = 0; r < block; ++r) {
                float[][] bounds = box.row(owner[first + r]);
                for (int i = 0; i < columns; ++i) {
                    a[r * columns + i] = bounds[a[r * columns + i] > 0 ? 0 : 1][i];
                }
            }
            Rows.store(a, corners, first, columns);
        });
    }

    @Override
    public void concretize(DeviceBuffer coefficients, int count, DeviceBuffer owners, InputBall ball, int columns,
                           DeviceBuffer constants, DeviceBuffer minima) {
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded balls = new Loaded(columns, ball.lower(), ball.upper(), ball.centres());
            Loaded epsilons = new Loaded(1, ball.epsilons());
            float[] a = Rows.load(coefficients, first, block, columns);
            float[] c = Rows.load(constants, first, block, 1);
            float[] m = Rows.load(minima, first, block, 1);
            for (int r = 0; r < block; ++r) {
                BallForm form = new BallForm(a, r * columns, balls.row(owner[first + r]), ball.dual());
                float found = form.minimum(c[r], ball.centreError(), epsilons.row(owner[first + r])[0][0]);
                m[r] = found > m[r] || Float.isNaN(m[r]) ? found : m[r];
            }
            Rows.store(m, minima, first, 1);
        });
    }

    @Override
    public void corners(DeviceBuffer coefficients, int count, DeviceBuffer owners, InputBall ball, int columns,
                        DeviceBuffer corners) {
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded balls = new Loaded(columns, ball.lower(), ball.upper(), ball.centres());
            Loaded epsilons = new Loaded(1, ball.epsilons());
            float[] a = Rows.load(coefficients, first, block, columns);
            for (int r = 0; r < block; ++r) {
                new BallForm(a, r * columns, balls.row(owner[first + r]), ball.dual())
                        .toCorner(epsilons.row(owner[first + r])[0][0]);
            }
            Rows.store(a, corners, first, columns);
        });
    }

    /**
     * One form over one ball.
     *
     * @param a    holds the coefficients from {@code at} on
     * @param ball lower and upper ends of the box, and the centre
     */
    private record BallForm(float[] a, int at, float[][] ball, InputBall.Dual dual) {

        /** Whether the form gets smaller where an element leaves the centre for what the box still holds. */
        private boolean falls(int i) {
            float coefficient = a[at + i];
            return coefficient > 0 ? ball[0][i] < ball[2][i] : coefficient < 0 && ball[1][i] > ball[2][i];
        }

        /** Of the coefficients that count, rounded to nearest. */
        private double norm() {
            double norm = 0;
            for (int i = 0; i < ball[0].length; ++i) {
                if (falls(i)) {
                    double size = Math.abs((double) a[at + i]);
                    norm = dual == InputBall.Dual.EUCLIDEAN ? norm + size * size : Math.max(norm, size);
                }
            }
            return dual == InputBall.Dual.EUCLIDEAN ? Math.sqrt(norm) : norm;
        }

        /** Rounded down; NaN where a coefficient or the centre is no number. */
        float minimum(float constant, float centreError, double epsilon) {
            double sum = constant;
            double absolute = Math.abs(constant);
            double products = 0;
            for (int i = 0; i < ball[0].length; ++i) {
                double product = (double) a[at + i] * ball[2][i];
                sum += product;
                products += Math.abs(product);
            }
            double away = epsilon * norm();
            absolute += products + away;
            return Directed.down(sum - centreError * products - away - FormConstant.slack(ball[0].length, absolute));
        }

        /** Puts where the form is least in the coefficients' place. */
        void toCorner(float epsilon) {
            double norm = norm();
            boolean gone = false;
            for (int i = 0; i < ball[0].length; ++i) {
                double share = 0;
                if (norm > 0 && falls(i) && !gone) {
                    boolean all = dual == InputBall.Dual.LARGEST;
                    share = !all ? a[at + i] / norm : Math.abs(a[at + i]) == norm ? Math.signum(a[at + i]) : 0;
                    gone = all && share != 0;
                }
                a[at + i] = (float) (ball[2][i] - epsilon * share);
            }
        }
    }

    @Override
    public void onFreeLines(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                            DeviceBuffer slopes, DeviceBuffer z, DeviceBuffer gradient) {
        int units = relaxation.units();
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded lines = new Loaded(units, relaxation.upperSlope(), relaxation.upperIntercept());
            float[] a = Rows.load(coefficients, first, block, units);
            float[] below = Rows.load(slopes, first, block, units);
            float[] values = Rows.load(z, first, block, units);
            for (int r = 0; r < block; ++r) {
                float[][] above = lines.row(owner[first + r]);
                for (int j = 0; j < units; ++j) {
                    int k = r * units + j;
                    float coefficient = a[k];
                    float point = values[k];
                    values[k] = coefficient < 0 ? above[0][j] * point + above[1][j] : below[k] * point;
                    a[k] = above[1][j] > 0 && coefficient > 0 ? -coefficient * point : 0;
                }
            }
            Rows.store(values, z, first, units);
            Rows.store(a, gradient, first, units);
        });
    }

    @Override
    public void onFixedLines(DeviceBuffer coefficients, int count, DeviceBuffer owners, Relaxation relaxation,
                             DeviceBuffer z) {
        int units = relaxation.units();
        int[] owner = Rows.loadInts(owners, 0, count, 1);
        rows.run(count, (first, block) -> {
            Loaded lines = new Loaded(units, relaxation.upperSlope(), relaxation.upperIntercept(), relaxation.lowerSlope(),
                    relaxation.below().intercept().orElseThrow());
            float[] a = Rows.load(coefficients, first, block, units);
            float[] values = Rows.load(z, first, block, units);
            for (int k = 0; k < values.length; ++k) {
                float[][] both = lines.row(owner[first + k / units]);
                int side = a[k] < 0 ? 0 : 2;
                values[k] = both[side][k % units] * values[k] + both[side + 1][k % units];
            }
            Rows.store(values, z, first, units);
        });
    }
}

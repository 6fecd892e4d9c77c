package dev.bulwark.device.cpu;

import dev.bulwark.device.AscentSteps;
import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** Steps whose sizes adapt row by row. */
final class CpuAscentSteps implements AscentSteps {

    /** Of the least positive count of elements, and of the least step: Croce and Hein 2021. */
    private static final float SPARSER = 0.95f;
    private static final float SHRINKAGE = 1.5f;
    private static final float LEAST_LENGTH = 0.1f;
    /** The bits of a float but for its sign. */
    private static final int MAGNITUDE = 0x7FFFFFFF;
    private static final int MAGNITUDE_BITS = 31;

    private final Rows rows;
    private final Spans spans;

    CpuAscentSteps(Rows rows, Spans spans) {
        this.rows = rows;
        this.spans = spans;
    }

    @Override
    public void signedStep(DeviceBuffer x, DeviceBuffer previous, DeviceBuffer gradients, DeviceBuffer lengths, float momentum,
                           DeviceBuffer lower, DeviceBuffer upper, int count, int columns) {
        FloatBuffer points = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        FloatBuffer earlier = CpuMemory.floatsToWrite(previous.require("previous", (long) count * columns));
        FloatBuffer directions = CpuMemory.floats(gradients.require("gradients", (long) count * columns));
        FloatBuffer lows = CpuMemory.floats(lower.require("lower", (long) count * columns));
        FloatBuffer highs = CpuMemory.floats(upper.require("upper", (long) count * columns));
        FloatBuffer steps = CpuMemory.floats(lengths.require("lengths", count));
        float inertia = 1 - momentum;
        rows.run(count, columns, (first, block) -> {
            float[] at = new float[columns];
            float[] before = new float[columns];
            float[] step = new float[columns];
            float[] low = new float[columns];
            float[] high = new float[columns];
            for (int n = first; n < first + block; ++n) {
                points.get(n * columns, at);
                earlier.get(n * columns, before);
                directions.get(n * columns, step);
                lows.get(n * columns, low);
                highs.get(n * columns, high);
                earlier.put(n * columns, at);
                float length = steps.get(n);
                for (int e = 0; e < columns; ++e) {
                    step[e] = length * Masks.sign(step[e]);
                }
                for (int e = 0; e < columns; ++e) {
                    if (Float.isNaN(step[e])) { // in a loop of its own, for it is not vectorised
                        step[e] = 0f;
                    }
                }
                for (int e = 0; e < columns; ++e) { // three loops are vectorised, and one is not
                    step[e] = Math.max(low[e], Math.min(high[e], at[e] + step[e]));
                }
                for (int e = 0; e < columns; ++e) {
                    at[e] = at[e] + momentum * (step[e] - at[e]) + inertia * (at[e] - before[e]);
                }
                for (int e = 0; e < columns; ++e) {
                    at[e] = Math.max(low[e], Math.min(high[e], at[e]));
                }
                points.put(n * columns, at);
            }
        });
    }

    @Override
    public void momentum(DeviceBuffer ahead, DeviceBuffer x, DeviceBuffer previous, float momentum, long length) {
        float inertia = 1 - momentum;
        spans.apply(length, (operands, count) -> {
            float[] end = operands[0];
            float[] at = operands[1];
            float[] before = operands[2];
            for (int e = 0; e < count; ++e) {
                float next = at[e] + momentum * (end[e] - at[e]) + inertia * (at[e] - before[e]);
                before[e] = at[e];
                at[e] = next;
            }
        }, Spans.Operand.in(ahead, length), Spans.Operand.inOut(x, length), Spans.Operand.inOut(previous, length));
    }

    @Override
    public void sparseStep(DeviceBuffer x, DeviceBuffer gradients, DeviceBuffer fractions, DeviceBuffer lengths, int count,
                           int columns) {
        rows.run(count, columns, (first, block) -> {
            float[] at = Rows.load(x, first, block, columns);
            float[] up = Rows.load(gradients, first, block, columns);
            float[] fraction = Rows.load(fractions, first, block, 1);
            float[] length = Rows.load(lengths, first, block, 1);
            for (int n = 0; n < block; ++n) {
                int dropped = Math.max(0, Math.min((int) ((1f - fraction[n]) * columns), columns - 1));
                sparseStep(at, up, n * columns, columns, columns - dropped, length[n]);
            }
            Rows.store(at, x, first, columns);
        });
    }

    private static void sparseStep(float[] x, float[] gradient, int row, int columns, int kept, float length) {
        int threshold = Math.max(1, largest(gradient, row, columns, kept));
        int taken = 0;
        for (int e = row; e < row + columns; ++e) {
            int bits = Float.floatToRawIntBits(gradient[e]) & MAGNITUDE;
            if (bits >= Float.floatToRawIntBits(Float.POSITIVE_INFINITY)) {
                return;
            }
            taken += bits >= threshold ? 1 : 0;
        }
        float each = length / Math.max(1, taken);
        for (int e = row; e < row + columns; ++e) {
            if ((Float.floatToRawIntBits(gradient[e]) & MAGNITUDE) >= threshold) {
                x[e] += gradient[e] > 0 ? each : -each;
            }
        }
    }

    /** The bits of the {@code rank}th largest magnitude of a row, from 1: the greatest number that as many are not below. */
    static int largest(float[] values, int row, int columns, int rank) {
        int threshold = 0;
        for (int bit = MAGNITUDE_BITS - 1; bit >= 0; --bit) {
            int candidate = threshold | 1 << bit;
            int above = 0;
            for (int e = row; e < row + columns; ++e) {
                above += (Float.floatToRawIntBits(values[e]) & MAGNITUDE) >= candidate ? 1 : 0;
            }
            threshold = above >= rank ? candidate : threshold;
        }
        return threshold;
    }

    @Override
    public void adaptSparsity(DeviceBuffer best, DeviceBuffer centres, DeviceBuffer counts, DeviceBuffer fractions,
                              DeviceBuffer lengths, float longest, DeviceBuffer restarts, int count, int columns) {
        rows.run(count, columns, (first, block) -> {
            float[] at = Rows.load(best, first, block, columns);
            float[] middles = Rows.load(centres, first, block, columns);
            float[] before = Rows.load(counts, first, block, 1);
            float[] length = Rows.load(lengths, first, block, 1);
            float[] fraction = new float[block];
            int[] restart = new int[block];
            for (int n = 0; n < block; ++n) {
                float moved = 0;
                for (int e = n * columns; e < (n + 1) * columns; ++e) {
                    moved += at[e] != middles[e] ? 1 : 0;
                }
                restart[n] = moved / before[n] < SPARSER ? 1 : 0;
                length[n] = restart[n] == 1 ? longest : Math.max(length[n] / SHRINKAGE, LEAST_LENGTH * longest);
                fraction[n] = moved / columns / SHRINKAGE;
                before[n] = moved;
            }
            Rows.store(before, counts, first, 1);
            Rows.store(fraction, fractions, first, 1);
            Rows.store(length, lengths, first, 1);
            CpuMemory.intsToWrite(restarts).put(first, restart);
        });
    }

    @Override
    public void compare(DeviceBuffer losses, DeviceBuffer previous, DeviceBuffer best, DeviceBuffer increases,
                        DeviceBuffer improved, int count) {
        float[] loss = Rows.load(losses, 0, count, 1);
        float[] before = Rows.load(previous, 0, count, 1);
        float[] most = Rows.load(best, 0, count, 1);
        int[] risen = Rows.loadInts(increases, 0, count, 1);
        int[] better = new int[count];
        for (int n = 0; n < count; ++n) {
            better[n] = loss[n] > most[n] ? 1 : 0;
            most[n] = better[n] == 1 ? loss[n] : most[n];
            risen[n] += loss[n] > before[n] ? 1 : 0;
        }
        Rows.store(loss, previous, 0, 1);
        Rows.store(most, best, 0, 1);
        CpuMemory.intsToWrite(increases.require("increases", count)).put(0, risen);
        CpuMemory.intsToWrite(improved.require("improved", count)).put(0, better);
    }

    @Override
    public void copyWhere(DeviceBuffer chosen, DeviceBuffer source, DeviceBuffer target, int count, int columns) {
        FloatBuffer from = CpuMemory.floats(source.require("source", (long) count * columns));
        FloatBuffer to = CpuMemory.floatsToWrite(target.require("target", (long) count * columns));
        IntBuffer wanted = CpuMemory.ints(chosen.require("chosen", count));
        rows.run(count, columns, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                if (wanted.get(n) != 0) {
                    to.put(n * columns, from, n * columns, columns);
                }
            }
        });
    }
}

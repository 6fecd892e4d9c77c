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
        FloatBuffer points = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        FloatBuffer directions = CpuMemory.floats(gradients.require("gradients", (long) count * columns));
        FloatBuffer parts = CpuMemory.floats(fractions.require("fractions", count));
        FloatBuffer steps = CpuMemory.floats(lengths.require("lengths", count));
        rows.run(count, columns, (first, block) -> {
            float[] at = new float[columns];
            float[] up = new float[columns];
            for (int n = first; n < first + block; ++n) {
                points.get(n * columns, at);
                directions.get(n * columns, up);
                int dropped = Math.max(0, Math.min((int) ((1f - parts.get(n)) * columns), columns - 1));
                sparseStep(at, up, columns - dropped, steps.get(n));
                points.put(n * columns, at);
            }
        });
    }

    private static void sparseStep(float[] x, float[] gradient, int kept, float length) {
        int threshold = Math.max(1, largest(gradient, kept));
        int taken = 0;
        for (int e = 0; e < x.length; ++e) {
            int bits = Float.floatToRawIntBits(gradient[e]) & MAGNITUDE;
            if (bits >= Float.floatToRawIntBits(Float.POSITIVE_INFINITY)) {
                return;
            }
            taken += bits >= threshold ? 1 : 0;
        }
        float each = length / Math.max(1, taken);
        for (int e = 0; e < x.length; ++e) {
            if ((Float.floatToRawIntBits(gradient[e]) & MAGNITUDE) >= threshold) {
                x[e] += gradient[e] > 0 ? each : -each;
            }
        }
    }

    /** The bits of the {@code rank}th largest magnitude, from 1: the greatest number that as many are not below. */
    static int largest(float[] values, int rank) {
        int threshold = 0;
        for (int bit = MAGNITUDE_BITS - 1; bit >= 0; --bit) {
            int candidate = threshold | 1 << bit;
            int above = 0;
            for (float value : values) {
                above += (Float.floatToRawIntBits(value) & MAGNITUDE) >= candidate ? 1 : 0;
            }
            threshold = above >= rank ? candidate : threshold;
        }
        return threshold;
    }

    @Override
    public void adaptSparsity(DeviceBuffer best, DeviceBuffer centres, DeviceBuffer counts, DeviceBuffer fractions,
                              DeviceBuffer lengths, float longest, DeviceBuffer restarts, int count, int columns) {
        FloatBuffer points = CpuMemory.floats(best.require("best", (long) count * columns));
        FloatBuffer middles = CpuMemory.floats(centres.require("centres", (long) count * columns));
        FloatBuffer movedBefore = CpuMemory.floatsToWrite(counts.require("counts", count));
        FloatBuffer steps = CpuMemory.floatsToWrite(lengths.require("lengths", count));
        FloatBuffer parts = CpuMemory.floatsToWrite(fractions.require("fractions", count));
        IntBuffer again = CpuMemory.intsToWrite(restarts.require("restarts", count));
        rows.run(count, columns, (first, block) -> {
            float[] at = new float[columns];
            float[] centre = new float[columns];
            for (int n = first; n < first + block; ++n) {
                points.get(n * columns, at);
                middles.get(n * columns, centre);
                float moved = 0;
                for (int e = 0; e < columns; ++e) {
                    moved += at[e] != centre[e] ? 1 : 0;
                }
                boolean restart = moved / movedBefore.get(n) < SPARSER;
                again.put(n, restart ? 1 : 0);
                steps.put(n, restart ? longest : Math.max(steps.get(n) / SHRINKAGE, LEAST_LENGTH * longest));
                parts.put(n, moved / columns / SHRINKAGE);
                movedBefore.put(n, moved);
            }
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

package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.Votes;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** The class that each row of logits votes for, and the rows whose vote is wrong. */
final class CpuVotes implements Votes {

    private final Rows rows;

    CpuVotes(Rows rows) {
        this.rows = rows;
    }

    @Override
    public void argMax(DeviceBuffer logits, int count, int classes, DeviceBuffer target) {
        rows.run(count, (first, block) -> {
            float[] z = Rows.load(logits, first, block, classes);
            int[] best = new int[block];
            for (int n = 0; n < block; ++n) {
                best[n] = argMax(z, n * classes, classes);
            }
            CpuMemory.intsToWrite(target).put(first, best);
        });
    }

    /** The class that has the vote of the {@code classes} logits from {@code row} on, or -1: {@link NoisyClassifier}'s rule. */
    static int argMax(float[] logits, int row, int classes) {
        int best = 0;
        boolean tied = false;
        for (int c = 0; c < classes; ++c) {
            float logit = logits[row + c];
            if (Float.isNaN(logit)) {
                return -1;
            }
            if (logit > logits[row + best]) {
                best = c;
                tied = false;
            } else if (c > 0 && logit == logits[row + best]) {
                tied = true;
            }
        }
        float largest = logits[row + best];
        boolean lost = largest == Float.NEGATIVE_INFINITY || largest == Float.POSITIVE_INFINITY && tied;
        return lost ? -1 : best;
    }

    @Override
    public void countArgMax(DeviceBuffer logits, int count, int classes, DeviceBuffer counts) {
        float[] values = Rows.load(logits, 0, count, classes);
        IntBuffer votes = CpuMemory.intsToWrite(counts.require("counts", classes));
        for (int n = 0; n < count; ++n) {
            int best = argMax(values, n * classes, classes);
            if (best >= 0) {
                votes.put(best, votes.get(best) + 1);
            }
        }
    }

    @Override
    public void keepMisclassified(DeviceBuffer x, DeviceBuffer predictions, DeviceBuffer labels, int count, int columns,
                                  DeviceBuffer kept, DeviceBuffer keptPredictions) {
        FloatBuffer from = CpuMemory.floats(x.require("x", (long) count * columns));
        FloatBuffer to = CpuMemory.floatsToWrite(kept.require("kept", (long) count * columns));
        IntBuffer found = CpuMemory.ints(predictions.require("predictions", count));
        IntBuffer truth = CpuMemory.ints(labels.require("labels", count));
        IntBuffer noted = CpuMemory.intsToWrite(keptPredictions.require("keptPredictions", count));
        rows.run(count, columns, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                if (found.get(n) >= 0 && found.get(n) != truth.get(n)) {
                    to.put(n * columns, from, n * columns, columns);
                    noted.put(n, found.get(n));
                }
            }
        });
    }
}

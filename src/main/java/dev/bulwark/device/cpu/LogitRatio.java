package dev.bulwark.device.cpu;

import java.util.Arrays;

/** Differences of logits, over differences of others, with their gradients, row by row: see {@link dev.bulwark.device.Losses#dlr}. */
final class LogitRatio {

    private static final float LEAST = 1e-12f;
    /** Places of the falling order that count. */
    private static final int PLACES = 4;

    private final float[] logits;
    private final int classes;
    private final float[] gradients;
    private final int[] order = new int[PLACES];

    /** @param logits {@code [rows,classes]} */
    LogitRatio(float[] logits, int classes) {
        this.logits = logits;
        this.classes = classes;
        this.gradients = new float[logits.length];
    }

    /** {@code [rows,classes]}, of the rows asked for so far; 0 elsewhere. */
    float[] gradients() {
        return gradients;
    }

    float untargeted(int row, int label) {
        if (!isFinite(row) || classes < 2) {
            return Float.NaN;
        }
        sort(row);
        int other = order[0] == label ? order[1] : order[0];
        return classes < 3 ? ratio(row, label, other, 1f) : ratio(row, label, other, 1f, 0f);
    }

    float targeted(int row, int label, int target) {
        if (!isFinite(row)) {
            return Float.NaN;
        }
        sort(row);
        return classes < 3 ? ratio(row, label, target, 1f)
                : classes < 4 ? ratio(row, label, target, 1f, 0f) : ratio(row, label, target, 0.5f, 0.5f);
    }

    float difference(int row, int label, int target) {
        return isFinite(row) ? ratio(row, label, target, 1f) : Float.NaN;
    }

    private boolean isFinite(int row) {
        boolean finite = true;
        for (int c = row * classes; c < (row + 1) * classes; ++c) {
            finite &= Float.isFinite(logits[c]);
        }
        return finite;
    }

    /** The classes of the largest logits, the lower one first at a tie. */
    private void sort(int row) {
        Arrays.fill(order, -1);
        for (int c = 0; c < classes; ++c) {
            int at = PLACES;
            while (at > 0 && (order[at - 1] < 0 || logits[row * classes + c] > logits[row * classes + order[at - 1]])) {
                --at;
            }
            if (at < PLACES) {
                System.arraycopy(order, at, order, at + 1, PLACES - 1 - at);
                order[at] = c;
            }
        }
    }

    /** {@code z[other] - z[label]} over {@code below}. */
    private float ratio(int row, int label, int other, float below) {
        int z = row * classes;
        gradients[z + other] += 1 / below;
        gradients[z + label] -= 1 / below;
        return (logits[z + other] - logits[z + label]) / below;
    }

    /** The same over {@code z_1 - third z_3 - fourth z_4 + 1e-12}, in falling order. */
    private float ratio(int row, int label, int other, float third, float fourth) {
        int z = row * classes;
        float lesser = third * logits[z + order[2]] + (fourth == 0 ? 0 : fourth * logits[z + order[3]]);
        float below = logits[z + order[0]] - lesser + LEAST;
        float value = ratio(row, label, other, below);
        float slope = value / below;
        gradients[z + order[0]] -= slope;
        gradients[z + order[2]] += third * slope;
        if (fourth != 0) {
            gradients[z + order[3]] += fourth * slope;
        }
        return value;
    }
}

package dev.bulwark.device.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Some rows of a weight matrix and the range of columns outside which they hold only zeros. Where units look at windows of an
 * image, neighbours look at a part of it, and products can leave out the rest.
 *
 * @param firstRow    of the rows
 * @param rows        number of them
 * @param firstColumn of the range
 * @param columns     length of the range; 0 where the rows hold nothing else
 */
record Band(int firstRow, int rows, int firstColumn, int columns) {

    /** Several products instead of one must leave out as much to pay for themselves. */
    private static final double WORTHWHILE = 0.6;

    /** One for each {@code height} rows of {@code weight}, {@code [out,in]}; the last may be lower. */
    static List<Band> of(float[] weight, int out, int in, int height) {
        List<Band> bands = new ArrayList<>();
        for (int row = 0; row < out; row += height) {
            bands.add(around(weight, in, row, Math.min(height, out - row)));
        }
        return bands;
    }

    /** As {@link #of}, or all of {@code weight} as one band where that leaves out too little. */
    static List<Band> worthwhile(float[] weight, int out, int in, int height) {
        List<Band> bands = of(weight, out, in, height);
        long left = bands.stream().mapToLong(band -> (long) band.rows * band.columns).sum();
        return bands.stream().allMatch(band -> band.columns > 0) && left < WORTHWHILE * out * in
                ? bands : List.of(new Band(0, out, 0, in));
    }

    private static Band around(float[] weight, int in, int firstRow, int rows) {
        int first = in;
        int end = 0;
        for (int row = firstRow; row < firstRow + rows; ++row) {
            for (int column = 0; column < first; ++column) {
                if (weight[row * in + column] != 0f) {
                    first = column;
                }
            }
            for (int column = in - 1; column >= end; --column) {
                if (weight[row * in + column] != 0f) {
                    end = column + 1;
                }
            }
        }
        return end == 0 ? new Band(firstRow, rows, 0, 0) : new Band(firstRow, rows, first, end - first);
    }
}

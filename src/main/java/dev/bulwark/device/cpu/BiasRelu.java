package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;

/** What follows a product: the bias of each column, and max(·, 0) for hidden layers. */
final class BiasRelu {

    private BiasRelu() {
    }

    /** In place on {@code [rows, bias.length]}. */
    static void apply(FloatBuffer y, int rows, float[] bias, boolean relu) {
        int columns = bias.length;
        int together = Math.max(1, Spans.CHUNK / columns);
        float[] values = new float[together * columns];
        for (int row = 0; row < rows; row += together) {
            int count = Math.min(together, rows - row);
            y.get(row * columns, values, 0, count * columns);
            for (int r = 0; r < count; ++r) {
                if (relu) {
                    addRelu(values, r * columns, bias);
                } else {
                    add(values, r * columns, bias);
                }
            }
            y.put(row * columns, values, 0, count * columns);
        }
    }

    private static void add(float[] values, int at, float[] bias) {
        for (int j = 0; j < bias.length; ++j) {
            values[at + j] += bias[j];
        }
    }

    private static void addRelu(float[] values, int at, float[] bias) {
        for (int j = 0; j < bias.length; ++j) {
            values[at + j] = Math.max(values[at + j] + bias[j], 0f);
        }
    }
}

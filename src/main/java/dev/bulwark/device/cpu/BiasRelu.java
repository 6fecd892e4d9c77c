package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** What follows a product: the bias of each column, and max(·, 0) for hidden layers. NaN stays NaN. */
final class BiasRelu {

    /** The bits of -infinity in bf16, as a signed number: those of a negative NaN are larger. */
    private static final short NEGATIVE_INFINITY = (short) 0xFF80;

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

    /**
     * {@code y = max(y, 0)} on the first {@code length} elements. oneDNN's own ReLU turns NaN into 0, and so an overflow into
     * a prediction; this one costs a pass over outputs, of which each took hundreds of multiply-adds.
     */
    static void relu(FloatBuffer y, int length) {
        float[] values = new float[Math.min(length, Spans.CHUNK)];
        for (int at = 0; at < length; at += Spans.CHUNK) {
            int count = Math.min(Spans.CHUNK, length - at);
            y.get(at, values, 0, count);
            for (int i = 0; i < count; ++i) {
                values[i] = Math.max(values[i], 0f);
            }
            y.put(at, values, 0, count);
        }
    }

    /** As {@link #relu(FloatBuffer, int)}, in bf16. */
    static void relu(ShortBuffer y, int length) {
        short[] values = new short[Math.min(length, Spans.CHUNK)];
        for (int at = 0; at < length; at += Spans.CHUNK) {
            int count = Math.min(Spans.CHUNK, length - at);
            y.get(at, values, 0, count);
            for (int i = 0; i < count; ++i) {
                values[i] = values[i] <= NEGATIVE_INFINITY ? 0 : values[i];
            }
            y.put(at, values, 0, count);
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

package dev.bulwark.bounds;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Directed;
import dev.bulwark.device.HostArrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Margins as linear forms: form c of an image is {@code logit[label] - logit[c]}. */
abstract class MarginForms {

    /** {@code [N]}: of the images that forms are asked for. */
    private int[] labels = {};

    void setLabels(int[] batch) {
        labels = batch;
    }

    int label(int image) {
        return labels[image];
    }

    /**
     * Enters the forms asked for.
     *
     * @param magnitudes {@code [N,in]}: nowhere in the box of image n is what the coefficients stand at further from 0 than
     *                   in row n; NaN if unknown
     * @param target     takes the coefficients, {@code [rows,in]}
     * @param constants  takes the constants, less what the coefficients may be off by; NaN where that is unknown
     */
    abstract void enter(FormRows rows, Supplier<float[]> magnitudes, DeviceBuffer target, DeviceBuffer constants);

    /** In the logits themselves, exactly. */
    static MarginForms ofLogits(Backend backend, int classes) {
        return new MarginForms() {
            @Override
            void enter(FormRows rows, Supplier<float[]> magnitudes, DeviceBuffer target, DeviceBuffer constants) {
                float[] coefficients = new float[HostArrays.length("margins by classes", rows.count(), classes)];
                for (int r = 0; r < rows.count(); ++r) {
                    coefficients[r * classes + label(rows.owners()[r])] += 1;
                    coefficients[r * classes + rows.forms()[r]] -= 1;
                }
                backend.write(coefficients, target);
                backend.write(new float[rows.count()], constants);
            }
        };
    }

    /**
     * In the inputs of a dense last layer, which is elided: W[label] - W[c]. Only pairs of classes that are asked for
     * together take memory, so that it does not grow with the square of the classes.
     *
     * @param memory   owns the buffers; the caller closes it
     * @param capacity rows that may be asked for together
     */
    static MarginForms elided(Backend backend, DeviceMemory memory, Affine last, int capacity) {
        return new Elided(backend, memory, last, capacity);
    }

    /** See {@link #elided}. */
    private static final class Elided extends MarginForms {

        private final Backend backend;
        private final int inputs;
        private final float[] weight;
        private final float[] bias;
        /** The pairs of the last call, {@code [rows,in]}. */
        private final DeviceBuffer table;
        private final DeviceBuffer indices;

        Elided(Backend backend, DeviceMemory memory, Affine last, int capacity) {
            this.backend = backend;
            this.inputs = last.in();
            this.weight = HostArrays.read(backend, last.weight());
            this.bias = HostArrays.read(backend, last.bias());
            this.table = memory.allocate((long) capacity * last.in());
            this.indices = memory.allocate(capacity);
        }

        /** Two classes. */
        private record Pair(int label, int other) {
        }

        @Override
        void enter(FormRows rows, Supplier<float[]> magnitudes, DeviceBuffer target, DeviceBuffer constants) {
            Map<Pair, Integer> places = new LinkedHashMap<>();
            int[] place = new int[rows.count()];
            for (int r = 0; r < place.length; ++r) {
                Pair pair = new Pair(label(rows.owners()[r]), rows.forms()[r]);
                place[r] = places.computeIfAbsent(pair, unused -> places.size());
            }
            float[] coefficients = new float[HostArrays.length("margins by inputs", places.size(), inputs)];
            float[][] errors = new float[places.size()][];
            float[] differences = new float[places.size()];
            places.forEach((pair, at) -> {
                errors[at] = subtract(pair, coefficients, at * inputs);
                differences[at] = Bounds.subtractDown(bias[pair.label], bias[pair.other]);
            });
            backend.write(coefficients, table);
            backend.write(place, indices);
            backend.indexing().gather(table, indices, rows.count(), inputs, target);
            backend.write(less(rows, place, differences, errors, magnitudes), constants);
        }

        /**
         * Puts the pair's coefficients, rounded, at {@code at}.
         *
         * @return how far each may lie from the real one; empty if none does
         */
        private float[] subtract(Pair pair, float[] coefficients, int at) {
            float[] errors = new float[inputs];
            boolean exact = true;
            for (int i = 0; i < inputs; ++i) {
                float minuend = weight[pair.label * inputs + i];
                float subtrahend = weight[pair.other * inputs + i];
                float down = Bounds.subtractDown(minuend, subtrahend);
                float up = -Bounds.subtractDown(subtrahend, minuend);
                coefficients[at + i] = Math.max(down, -Float.MAX_VALUE);
                // A difference of two floats lies within the largest float of what overflow leaves of it.
                errors[i] = up == down ? 0 : Math.min(-Bounds.subtractDown(down, up), Float.MAX_VALUE);
                exact &= errors[i] == 0;
            }
            return exact ? new float[0] : errors;
        }

        private float[] less(FormRows rows, int[] place, float[] differences, float[][] errors,
                             Supplier<float[]> magnitudes) {
            float[] asked = new float[place.length];
            float[] sizes = {};
            for (int r = 0; r < asked.length; ++r) {
                float[] error = errors[place[r]];
                asked[r] = differences[place[r]];
                if (error.length > 0) {
                    sizes = sizes.length == 0 ? magnitudes.get() : sizes;
                    asked[r] = less(asked[r], error, sizes, rows.owners()[r] * inputs);
                }
            }
            return asked;
        }

        /** {@code constant} less the sum of errors times magnitudes, rounded down. */
        private static float less(float constant, float[] errors, float[] magnitudes, int from) {
            double lost = 0;
            for (int i = 0; i < errors.length; ++i) {
                if (errors[i] != 0) { // else nothing is lost, however large the input
                    lost += (double) errors[i] * magnitudes[from + i];
                }
            }
            // Twice what a sum of this number of non-negative terms, and the difference, can be off by (Higham 2002, section
            // 3.1).
            double slack = (errors.length + 8) * 0x1p-52;
            return Directed.down(constant - lost - slack * (lost + Math.abs(constant)));
        }
    }
}

package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Relaxation;
import java.util.ArrayList;
import java.util.List;

/**
 * Affine forms on their way back through relaxed layers, to their least values over the boxes of the inputs. Whatever
 * the lower slopes are, what comes out is a lower bound, rounding included: see the package's proof.
 */
final class BackwardPass {

    private final Backend backend;
    private final List<RelaxedLayer> layers;
    private final int capacity;
    private final DeviceBuffer owners;
    /** Scratch of {@link AffineForms#enter}. */
    private final DeviceBuffer indices;
    private final DeviceBuffer constants;
    /** Coefficients at the inputs of each layer, {@code [rows,in]}: the network's own inputs first. */
    private final List<DeviceBuffer> coefficients = new ArrayList<>();
    private final int inputWidth;
    private final Slopes adaptive = new AdaptiveSlopes();

    /** Where a pass takes lower slopes from, and what it does with coefficients at pre-activations. */
    interface Slopes {
        /** {@code [any,units]}, of hidden layer {@code layer}. */
        DeviceBuffer of(int layer);

        /** {@code int [rows]}: each form's row of {@link #of}. */
        DeviceBuffer rows();

        /** Takes the coefficients at a layer's pre-activations; those at its ReLUs' outputs if they need not be kept. */
        DeviceBuffer target(DeviceBuffer coefficients);
    }

    /**
     * @param layers   the hidden layers
     * @param inputs   elements of the network's input
     * @param capacity forms that go through together
     */
    BackwardPass(Backend backend, DeviceMemory memory, List<RelaxedLayer> layers, int inputs, int capacity) {
        this.backend = backend;
        this.layers = layers;
        this.capacity = capacity;
        this.inputWidth = inputs;
        this.owners = memory.allocate(capacity);
        this.indices = memory.allocate(capacity);
        this.constants = memory.allocate(capacity);
        coefficients.add(memory.allocate((long) capacity * inputs));
        layers.forEach(layer -> coefficients.add(memory.allocate((long) capacity * layer.affine().out())));
    }

    /** The row of a batch that each form belongs to, {@code int [rows]}. */
    DeviceBuffer owners() {
        return owners;
    }

    /** Coefficients at the inputs of layer {@code layer}, {@code [rows,in]}, of the last pass. */
    DeviceBuffer coefficients(int layer) {
        return coefficients.get(layer);
    }

    /**
     * Lower bounds of forms in the inputs of layer {@code depth}, with CROWN's own slopes.
     *
     * @param magnitudes {@code [N,in]} of that layer's inputs
     * @return {@code [rows]}: NaN where none is known
     */
    float[] minima(AffineForms asked, FormRows rows, int depth, float[] magnitudes, DeviceBox inputs) {
        float[] minima = new float[rows.count()];
        for (int from = 0; from < rows.count(); from += capacity) {
            FormRows chunk = rows.slice(from, Math.min(from + capacity, rows.count()));
            float[] part = start(asked, chunk, depth, magnitudes).minima(inputs, adaptive);
            System.arraycopy(part, 0, minima, from, part.length);
        }
        return minima;
    }

    /** Forms ready to go back, as often as wanted; at most {@code capacity} of them. */
    Started start(AffineForms asked, FormRows rows, int depth, float[] magnitudes) {
        backend.write(rows.owners(), owners);
        return new Started(asked.enter(rows, magnitudes, indices, coefficients.get(depth)), depth);
    }

    /** Forms whose coefficients lie at the inputs of layer {@code depth}. */
    final class Started {
        private final float[] first;
        private final int depth;

        private Started(float[] first, int depth) {
            this.first = first;
            this.depth = depth;
        }

        float[] minima(DeviceBox inputs, Slopes slopes) {
            int rows = first.length;
            backend.write(first, constants);
            for (int k = depth - 1; k >= 0; --k) {
                RelaxedLayer layer = layers.get(k);
                Relaxation relaxation = layer.relaxation();
                DeviceBuffer above = coefficients.get(k + 1);
                DeviceBuffer target = slopes.target(above);
                backend.linearRelaxations().backwardRelu(above, rows, owners, relaxation, slopes.of(k), slopes.rows(),
                        layer.affine().bias(), target, constants);
                backend.linearRelaxations().backwardAffine(target, rows, layer.affine(), coefficients.get(k));
            }
            backend.linearRelaxations().concretize(coefficients.get(0), rows, owners, inputs.lower(), inputs.upper(),
                    inputWidth, constants, constants);
            float[] minima = new float[rows];
            backend.read(constants, minima);
            for (int r = 0; r < rows; ++r) {
                minima[r] = Math.abs(minima[r]) < Float.MAX_VALUE ? minima[r] : Float.NaN; // beyond it nothing is known
            }
            return minima;
        }
    }

    /** CROWN's own: 1 where the box has more above 0 than below, else 0; the same for all forms of an image. */
    private final class AdaptiveSlopes implements Slopes {

        @Override
        public DeviceBuffer of(int layer) {
            return layers.get(layer).relaxation().lowerSlope();
        }

        @Override
        public DeviceBuffer rows() {
            return owners;
        }

        @Override
        public DeviceBuffer target(DeviceBuffer coefficients) {
            return coefficients;
        }
    }
}

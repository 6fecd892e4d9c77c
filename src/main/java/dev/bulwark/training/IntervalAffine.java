package dev.bulwark.training;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/**
 * One affine layer on points and boxes, forwards and backwards: centres go through {@code W c + b}, radii through
 * {@code S r}, where S holds the magnitudes of the coefficients whose spread is wanted (Gowal et al. 2019, equation 6).
 *
 * <p>The layer may see its inputs as several windows of {@code I} elements: each is then a row of its own, and their outputs
 * side by side are the outputs of the input.
 */
final class IntervalAffine {

    /** Whose coefficients' magnitudes S holds. */
    enum Spread {

        /** Of every output: {@code S = |W|}, {@code [O,I]}. */
        OUTPUTS {
            @Override
            int rows(int out) {
                return out;
            }

            @Override
            void magnitudes(Backend backend, Affine layer, DeviceBuffer magnitudes) {
                backend.absolute(layer.weight(), (long) layer.out() * layer.in(), magnitudes);
            }

            @Override
            void addGradient(Backend backend, Affine layer, DeviceBuffer magnitudesGradient, DeviceBuffer weightGradient) {
                backend.addSigned(magnitudesGradient, layer.weight(), (long) layer.out() * layer.in(), weightGradient);
            }
        },

        /** Of every difference of two outputs: {@code [O*O,I]}; the layer is elided. */
        DIFFERENCES {
            @Override
            int rows(int out) {
                return Math.multiplyExact(out, out);
            }

            @Override
            void magnitudes(Backend backend, Affine layer, DeviceBuffer magnitudes) {
                backend.pairwiseDifferences(layer.weight(), layer.out(), layer.in(), magnitudes);
            }

            @Override
            void addGradient(Backend backend, Affine layer, DeviceBuffer magnitudesGradient, DeviceBuffer weightGradient) {
                backend.pairwiseDifferencesGradient(layer.weight(), magnitudesGradient, layer.out(), layer.in(),
                        weightGradient);
            }
        };

        abstract int rows(int out);

        abstract void magnitudes(Backend backend, Affine layer, DeviceBuffer magnitudes);

        abstract void addGradient(Backend backend, Affine layer, DeviceBuffer magnitudesGradient,
                                  DeviceBuffer weightGradient);
    }

    private final Backend backend;
    private final Affine layer;
    private final Affine parameterGradient;
    private final int windows;
    private final Spread spread;
    private final int spreadRows;
    private final DeviceBuffer magnitudes;
    private final DeviceBuffer magnitudesGradient;
    private final Signal output;
    private final Signal outputGradient;

    /**
     * @param windows           of an input; 1 for a layer that sees it whole
     * @param parameterGradient where the gradients of W and b go
     */
    IntervalAffine(Backend backend, DeviceMemory memory, int batch, int windows, Affine layer, Affine parameterGradient,
                   Spread spread) {
        this.backend = backend;
        this.layer = layer;
        this.parameterGradient = parameterGradient;
        this.windows = windows;
        this.spread = spread;
        this.spreadRows = spread.rows(layer.out());
        this.magnitudes = memory.allocate((long) spreadRows * layer.in());
        this.magnitudesGradient = memory.allocate((long) spreadRows * layer.in());
        this.output = Signal.allocate(memory, batch, windows * layer.out(), windows * spreadRows);
        this.outputGradient = Signal.allocate(memory, batch, windows * layer.out(), windows * spreadRows);
    }

    Signal output() {
        return output;
    }

    /** The caller writes this before it asks for gradients. */
    Signal outputGradient() {
        return outputGradient;
    }

    /** Fills {@link #output}; with {@code relu}, which boxes don't allow, the points are already cut off at 0. */
    void forward(Rows rows, Signal input, boolean relu) {
        backend.affine(input.all(rows), rows.total() * windows, layer, relu, output.all(rows));
        if (rows.box()) {
            spread.magnitudes(backend, layer, magnitudes);
            backend.multiply(false, true, rows.count() * windows, spreadRows, layer.in(),
                    input.radius(), magnitudes, 0f, output.radius());
        }
    }

    /** From {@link #outputGradient} and the input of the last forward pass to the gradients of W and b. */
    void parameterGradient(Rows rows, Signal input) {
        DeviceBuffer points = outputGradient.all(rows);
        backend.multiply(true, false, layer.out(), layer.in(), rows.total() * windows,
                points, input.all(rows), 0f, parameterGradient.weight());
        backend.columnSums(points, rows.total() * windows, layer.out(), 0f, parameterGradient.bias());
        if (rows.box()) {
            backend.multiply(true, false, spreadRows, layer.in(), rows.count() * windows,
                    outputGradient.radius(), input.radius(), 0f, magnitudesGradient);
            spread.addGradient(backend, layer, magnitudesGradient, parameterGradient.weight());
        }
    }

    /** From {@link #outputGradient} to the gradient with respect to the input. */
    void inputGradient(Rows rows, Signal inputGradient) {
        backend.multiply(false, false, rows.total() * windows, layer.in(), layer.out(),
                outputGradient.all(rows), layer.weight(), 0f, inputGradient.all(rows));
        if (rows.box()) {
            backend.multiply(false, false, rows.count() * windows, layer.in(), spreadRows,
                    outputGradient.radius(), magnitudes, 0f, inputGradient.radius());
        }
    }
}

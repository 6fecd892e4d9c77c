package dev.bulwark.device.cpu;

import dev.bulwark.device.Convolution;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.nio.FloatBuffer;

/** Single-threaded float convolutions on row-major native memory; safe to call from many threads at once. */
interface ConvolutionBlocks {

    /** What a convolution's sums run over, without its parameters. */
    record Geometry(ImageShape input, ImageShape output, Windows windows, int groups) {

        static Geometry of(Convolution layer) {
            return new Geometry(layer.input(), layer.output(), layer.windows(), layer.groups());
        }

        int taps() {
            return input.channels() / groups * windows.elements();
        }

        int weights() {
            return output.channels() * taps();
        }
    }

    /** Library and version, for provenance. */
    String name();

    /** What follows a convolution, on {@code count} rows of results from row {@code first} on. */
    interface Finish {
        void run(int first, int count);
    }

    /**
     * {@code y = W * x}, no bias; x {@code [rows,input]}, y {@code [rows,output]}.
     *
     * @param finish is given rows as they are done, in order, while a cache still holds them
     */
    void apply(Geometry geometry, int rows, FloatBuffer x, FloatBuffer weight, FloatBuffer y, Finish finish);

    /** As {@link #apply}, of {@code rows} images. The caller closes it. */
    default PreparedProduct prepare(Geometry geometry, int rows, float[] weight) {
        FloatBuffer kept = CpuMemory.scratch(weight.length).put(0, weight);
        return () -> {
            FloatBuffer x = CpuMemory.scratch(rows * geometry.input().size());
            FloatBuffer y = CpuMemory.scratch(rows * geometry.output().size());
            return new PreparedProduct.Plain(x, y, () -> apply(geometry, rows, x, kept, y, (first, count) -> { }));
        };
    }

    /** {@code target = a W}; a {@code [rows,output]}, target {@code [rows,input]}. */
    void applyTransposed(Geometry geometry, int rows, FloatBuffer a, FloatBuffer weight, FloatBuffer target);

    /** {@code target = sum over rows and windows of gradient times window}, of the weight's shape. */
    void weightGradient(Geometry geometry, int rows, FloatBuffer x, FloatBuffer gradient, FloatBuffer target);
}

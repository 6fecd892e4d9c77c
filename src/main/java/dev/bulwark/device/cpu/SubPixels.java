package dev.bulwark.device.cpu;

import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.List;

/**
 * The transpose of a convolution as a convolution of stride 1 (Shi et al. 2016, "Is the deconvolution layer the same as a
 * convolutional layer?"): an input pixel depends on outputs by taps that its place modulo the stride, its phase, decides, and
 * a phase of each input channel becomes a channel. What comes out for place q and phase p belongs to pixel
 * {@code stride q + p} of the padded image.
 *
 * <p>It sums the same products in other orders, and zeros.
 */
record SubPixels(Geometry geometry) {

    /** Without groups, dilation, and windows behind the image that see padding alone. */
    static boolean take(Geometry geometry) {
        Windows windows = geometry.windows();
        SubPixels of = new SubPixels(geometry);
        return geometry.groups() == 1 && windows.height().dilation() == 1 && windows.width().dilation() == 1
                && of.height().after() >= 0 && of.width().after() >= 0;
    }

    /** One edge. */
    record Axis(Windows.Axis window, int inputs, int outputs) {

        int phases() {
            return window.stride();
        }

        int kernel() {
            return (window.kernel() + window.stride() - 1) / window.stride();
        }

        /** Places of the result: with their phases at least as many as pixels, and the padding in front of them. */
        int places() {
            return (inputs - 1 + window.before()) / window.stride() + 1;
        }

        long before() {
            return kernel() - 1L;
        }

        /** Less than 0 where the last outputs see padding alone, which oneDNN's convolutions would have to crop. */
        long after() {
            return (long) places() - outputs;
        }

        /** The tap of the convolution that tap {@code tap} of a phase is; it may have none. */
        int tap(int phase, int tap) {
            return phase + window.stride() * (kernel() - 1 - tap);
        }
    }

    /** Pixels of one phase along both edges. */
    record Phase(int height, int width) {
    }

    Axis height() {
        return new Axis(geometry.windows().height(), geometry.input().height(), geometry.output().height());
    }

    Axis width() {
        return new Axis(geometry.windows().width(), geometry.input().width(), geometry.output().width());
    }

    /** Of the result: a phase of all input channels, then the next. */
    int channels() {
        return height().phases() * width().phases() * geometry.input().channels();
    }

    /** In the order of the result's channels. */
    List<Phase> phases() {
        List<Phase> phases = new ArrayList<>();
        for (int h = 0; h < height().phases(); ++h) {
            for (int w = 0; w < width().phases(); ++w) {
                phases.add(new Phase(h, w));
            }
        }
        return phases;
    }

    /** Its weight {@code [channels(), output channels, kernel height, kernel width]}, of the convolution's. */
    float[] weight(float[] of) {
        Axis h = height();
        Axis w = width();
        int kernelHeight = geometry.windows().height().kernel();
        int kernelWidth = geometry.windows().width().kernel();
        int in = geometry.input().channels();
        int out = geometry.output().channels();
        float[] weight = new float[channels() * out * h.kernel() * w.kernel()];
        int at = 0;
        for (Phase phase : phases()) {
            for (int i = 0; i < in; ++i) {
                for (int o = 0; o < out; ++o) {
                    for (int y = 0; y < h.kernel(); ++y) {
                        for (int x = 0; x < w.kernel(); ++x) {
                            int row = h.tap(phase.height, y);
                            int column = w.tap(phase.width, x);
                            weight[at++] = row < kernelHeight && column < kernelWidth
                                    ? of[((o * in + i) * kernelHeight + row) * kernelWidth + column] : 0;
                        }
                    }
                }
            }
        }
        return weight;
    }
}

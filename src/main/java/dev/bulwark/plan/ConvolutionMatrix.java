package dev.bulwark.plan;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.Convolution;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.HostArrays;
import dev.bulwark.device.ReceptiveFields;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;

/**
 * A convolution as a dense layer that knows its receptive fields.
 *
 * <p>Its outputs are ordered {@code [row, column, channel]}, window after window, so that neighbours read the same part of
 * the image and the zeros of the matrix lie together; the columns of the layer behind follow.
 */
final class ConvolutionMatrix {

    private final Convolution convolution;
    private final float[] kernels;
    private final float[] weight;
    private final ReceptiveFields.Builder fields;

    private ConvolutionMatrix(Backend backend, Convolution convolution) {
        int inputs = convolution.input().size();
        int outputs = convolution.output().size();
        this.convolution = convolution;
        this.kernels = HostArrays.read(backend, convolution.weight());
        this.weight = new float[HostArrays.length("a convolution as a matrix", outputs, inputs)];
        this.fields = new ReceptiveFields.Builder(inputs, outputs);
    }

    /** The dense layer that does what the convolution does; {@code memory} owns it. */
    static Affine of(Backend backend, Convolution convolution, DeviceMemory memory) {
        ConvolutionMatrix matrix = new ConvolutionMatrix(backend, convolution);
        int channels = convolution.output().channels();
        float[] biases = HostArrays.read(backend, convolution.bias());
        float[] bias = new float[convolution.output().size()];
        for (int output = 0; output < bias.length; ++output) {
            bias[output] = biases[output % channels];
            matrix.fill(output, output % channels, output / channels);
        }
        return new Affine(memory.holding(matrix.weight), memory.holding(bias), convolution.input().size(), bias.length,
                matrix.fields.build());
    }

    /** One output's row. */
    private void fill(int output, int channel, int window) {
        ImageShape input = convolution.input();
        Windows.Axis height = convolution.windows().height();
        Windows.Axis width = convolution.windows().width();
        int seen = input.channels() / convolution.groups();
        int first = channel / (convolution.output().channels() / convolution.groups()) * seen;
        int top = window / convolution.output().width() * height.stride() - height.before();
        int left = window % convolution.output().width() * width.stride() - width.before();
        for (int tap = 0; tap < convolution.taps(); ++tap) {
            int plane = first + tap / (height.kernel() * width.kernel());
            int row = top + tap / width.kernel() % height.kernel() * height.dilation();
            int column = left + tap % width.kernel() * width.dilation();
            if (row >= 0 && row < input.height() && column >= 0 && column < input.width()) {
                int element = (plane * input.height() + row) * input.width() + column;
                weight[output * input.size() + element] = kernels[channel * convolution.taps() + tap];
                fields.connect(output, element);
            }
        }
    }

    /** The dense layer behind the convolution, taking its outputs in the order of {@link #of}; {@code memory} owns it. */
    static Affine behind(Backend backend, Convolution convolution, Affine layer, DeviceMemory memory) {
        ImageShape image = convolution.output();
        float[] weight = HostArrays.read(backend, layer.weight());
        float[] moved = new float[weight.length];
        for (int k = 0; k < weight.length; ++k) {
            int column = k % layer.in();
            int from = column % image.channels() * image.area() + column / image.channels();
            moved[k] = weight[k - column + from];
        }
        return new Affine(memory.holding(moved), layer.bias(), layer.in(), layer.out());
    }
}

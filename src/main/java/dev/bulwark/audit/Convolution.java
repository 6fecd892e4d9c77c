package dev.bulwark.audit;

import java.util.Arrays;

/**
 * The geometry of a convolution, to write it as a matrix's non-zeros: inputs and outputs channel by channel, each row by
 * row.
 *
 * @param input   {@code channels, height, width}
 * @param output  the same
 * @param kernel  {@code out, in / groups, height, width}
 * @param stride  {@code height, width}, as dilation
 * @param padding above and to the left
 */
record Convolution(int[] input, int[] output, int[] kernel, int[] stride, int[] padding, int[] dilation, int groups) {

    /** @param padding one number, two (height, width) or four (top, bottom, left, right) */
    static Convolution of(int[] input, int[] kernel, int[] stride, int[] padding, int[] dilation, int groups) {
        require(input.length == 3, "it takes no image of channels, height and width");
        require(stride.length == 1 || stride.length == 2, "its stride is missing");
        require(padding.length == 1 || padding.length == 2 || padding.length == 4, "its padding is missing");
        require(dilation.length == 1 || dilation.length == 2, "its dilation is missing");
        require(groups >= 1 && kernel[0] % groups == 0 && (long) kernel[1] * groups == input[0], "its channels don't fit");
        int[] step = both(stride);
        int[] apart = both(dilation);
        require(step[0] > 0 && step[1] > 0 && apart[0] > 0 && apart[1] > 0, "stride and dilation are at least 1");
        int[] sides = padding.length == 4 ? padding
                : new int[] {padding[0], padding[0], padding[padding.length - 1], padding[padding.length - 1]};
        int[] output = {kernel[0], 0, 0};
        for (int axis = 0; axis < 2; ++axis) {
            long room = (long) input[1 + axis] + sides[2 * axis] + sides[2 * axis + 1] - (long) apart[axis] * (kernel[2
                    + axis] - 1) - 1;
            require(room >= 0, "its kernel is larger than the image");
            output[1 + axis] = (int) (room / step[axis]) + 1;
        }
        require((long) output[0] * output[1] * output[2] * kernel[1] * kernel[2] * kernel[3] < 1 << 30, "it is too large");
        return new Convolution(input, output, kernel, step, new int[] {sides[0], sides[2]}, apart, groups);
    }

    private static void require(boolean condition, String complaint) {
        if (!condition) {
            throw new IllegalArgumentException(complaint);
        }
    }

    private static int[] both(int[] values) {
        return new int[] {values[0], values[values.length - 1]};
    }

    /** @param weight as {@link #kernel} says */
    Layer layer(double[] weight, double[] bias) {
        int window = kernel[1] * kernel[2] * kernel[3];
        int outputs = output[0] * output[1] * output[2];
        double[] values = new double[outputs * window];
        int[] column = new int[values.length];
        int[] begin = new int[outputs + 1];
        double[] biases = new double[outputs];
        int count = 0;
        for (int o = 0; o < outputs; ++o) {
            int channel = o / (output[1] * output[2]);
            int y = o / output[2] % output[1] * stride[0] - padding[0];
            int x = o % output[2] * stride[1] - padding[1];
            biases[o] = bias[channel];
            for (int w = 0; w < window; ++w) {
                int from = channel / (kernel[0] / groups) * kernel[1] + w / (kernel[2] * kernel[3]);
                int row = y + w / kernel[3] % kernel[2] * dilation[0];
                int at = x + w % kernel[3] * dilation[1];
                double value = weight[channel * window + w];
                if (row >= 0 && row < input[1] && at >= 0 && at < input[2] && value != 0) { // no padding
                    values[count] = value;
                    column[count++] = (from * input[1] + row) * input[2] + at;
                }
            }
            begin[o + 1] = count;
        }
        return Layer.sparse(input[0] * input[1] * input[2], Arrays.copyOf(values, count), begin, Arrays.copyOf(column,
                count), biases);
    }
}

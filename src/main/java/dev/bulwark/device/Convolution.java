package dev.bulwark.device;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;

/**
 * A convolution whose parameters lie on a device: {@code y[o,v,u] = b[o] + sum over i, r, s of W[o,i,r,s] x[i,..,..]} over
 * the windows of an image, zeros outside it. Channels fall into groups: output channels of group g read the input channels
 * of group g alone.
 *
 * @param weight W {@code [channels, input channels / groups, kernel height, kernel width]}, row-major
 * @param bias   b {@code [channels]}
 * @param input  shape of the image
 * @param output shape of what comes out
 */
public record Convolution(DeviceBuffer weight, DeviceBuffer bias, ImageShape input, ImageShape output, Windows windows,
                          int groups) {

    public Convolution {
        if (groups < 1 || input.channels() % groups != 0 || output.channels() % groups != 0) {
            throw new IllegalArgumentException(input.channels() + " and " + output.channels()
                    + " channels don't fall into " + groups + " groups");
        }
        if (!windows.over(input, output.channels()).equals(output)) {
            throw new IllegalArgumentException("windows over " + input + " make "
                    + windows.over(input, output.channels()) + ", not " + output);
        }
        weight.require("weight", (long) output.channels() * taps(input, windows, groups));
        bias.require("bias", output.channels());
    }

    /** Over all windows of {@code input}. */
    public static Convolution over(ImageShape input, DeviceBuffer weight, DeviceBuffer bias, int channels, Windows windows,
                                   int groups) {
        return new Convolution(weight, bias, input, windows.over(input, channels), windows, groups);
    }

    /** The same geometry with other parameters. */
    public Convolution with(DeviceBuffer otherWeight, DeviceBuffer otherBias) {
        return new Convolution(otherWeight, otherBias, input, output, windows, groups);
    }

    /** Weights of one output channel, which are the products that an output sums at most. */
    public int taps() {
        return taps(input, windows, groups);
    }

    /** Elements of the weight. */
    public int weights() {
        return Math.multiplyExact(output.channels(), taps());
    }

    /** Products of an output with a weight that an input is part of, at most. */
    public int reverseTaps() {
        return Math.multiplyExact(output.channels() / groups, windows.overlap());
    }

    private static int taps(ImageShape input, Windows windows, int groups) {
        return Math.multiplyExact(input.channels() / groups, windows.elements());
    }
}

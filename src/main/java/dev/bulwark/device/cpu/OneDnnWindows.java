package dev.bulwark.device.cpu;

import dev.bulwark.device.Convolution;
import dev.bulwark.device.Pooling;
import dev.bulwark.device.cpu.ConvolutionBlocks.Geometry;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;

/** Windows of images as oneDNN describes them: height first. */
record OneDnnWindows(Windows windows, ImageShape input, ImageShape output) {

    static OneDnnWindows of(Convolution layer) {
        return new OneDnnWindows(layer.windows(), layer.input(), layer.output());
    }

    static OneDnnWindows of(Geometry g) {
        return new OneDnnWindows(g.windows(), g.input(), g.output());
    }

    static OneDnnWindows of(Pooling layer) {
        return new OneDnnWindows(layer.windows(), layer.input(), layer.output());
    }

    /** Sizes of a convolution's weight, which has an axis of groups where there are several. */
    static long[] weights(Convolution layer) {
        return weights(Geometry.of(layer));
    }

    static long[] weights(Geometry g) {
        int groups = g.groups();
        long in = g.input().channels() / groups;
        long out = g.output().channels();
        long height = g.windows().height().kernel();
        long width = g.windows().width().kernel();
        return groups == 1 ? new long[] {out, in, height, width} : new long[] {groups, out / groups, in, height, width};
    }

    long[] kernel() {
        return new long[] {windows.height().kernel(), windows.width().kernel()};
    }

    long[] strides() {
        return new long[] {windows.height().stride(), windows.width().stride()};
    }

    /** oneDNN counts the elements between. */
    long[] dilations() {
        return new long[] {windows.height().dilation() - 1, windows.width().dilation() - 1};
    }

    long[] before() {
        return new long[] {windows.height().before(), windows.width().before()};
    }

    /** As much padding as the windows reach: oneDNN wants the numbers of windows to come out exactly. */
    long[] after() {
        return new long[] {after(windows.height(), input.height(), output.height()),
            after(windows.width(), input.width(), output.width())};
    }

    private static long after(Windows.Axis axis, int elements, int count) {
        return (count - 1L) * axis.stride() + (axis.kernel() - 1L) * axis.dilation() + 1 - elements - axis.before();
    }
}

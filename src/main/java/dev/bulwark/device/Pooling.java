package dev.bulwark.device;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;

/**
 * Windows of images of which each channel is pooled on its own.
 *
 * @param input        shape of the image
 * @param countPadding of averages: whether elements outside the image count as zeros; else a window at the edge has fewer
 */
public record Pooling(ImageShape input, Windows windows, boolean countPadding) {

    public Pooling {
        windows.over(input, input.channels());
    }

    /** Of maxima, in which elements outside the image take no part: every window must have one inside. */
    public static Pooling ofMaxima(ImageShape input, Windows windows) {
        return new Pooling(input, windows, false);
    }

    /** Shape of what comes out. */
    public ImageShape output() {
        return windows.over(input, input.channels());
    }
}

package dev.bulwark.device;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.stream.IntStream;

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

    /**
     * Of maxima, in which elements outside the image take no part.
     *
     * @throws IllegalArgumentException if a window has no element of the image
     */
    public static Pooling ofMaxima(ImageShape input, Windows windows) {
        requireNoneEmpty(windows.height(), input.height());
        requireNoneEmpty(windows.width(), input.width());
        return new Pooling(input, windows, false);
    }

    /** Padding of less than a window can leave one empty where it is dilated. */
    private static void requireNoneEmpty(Windows.Axis axis, int elements) {
        for (int window = 0; window < axis.count(elements); ++window) {
            int first = window * axis.stride() - axis.before();
            if (IntStream.range(0, axis.kernel()).map(k -> first + k * axis.dilation())
                    .noneMatch(at -> at >= 0 && at < elements)) {
                throw new IllegalArgumentException("window " + window + " of a pooling has no element of an edge of " + elements);
            }
        }
    }

    /** Shape of what comes out. */
    public ImageShape output() {
        return windows.over(input, input.channels());
    }
}

package dev.bulwark.device.cuda;

import dev.bulwark.shapes.ImageShape;

/**
 * How the kernels of smoothing_convolutions.cu lay an image of fp16 activations out: {@code [chunk, pixel, channel of the
 * chunk]}. Each group of channels of the layer that reads it begins a chunk; elements without a channel are zeros.
 *
 * @param groups of the layer that reads it
 * @param chunk  channels of a chunk: {@link #CHUNK}, or 1 where elements simply follow one another
 */
record HalfImage(ImageShape shape, int groups, int chunk) {

    /** Channels of a chunk, 16 bytes a pixel: what a tensor core's fragment takes of a window at a time. */
    static final int CHUNK = 8;

    /** For a layer whose channels fall into {@code groups}. */
    static HalfImage of(ImageShape shape, int groups) {
        return new HalfImage(shape, groups, CHUNK);
    }

    /** As a row of the dense kernels, element by element. */
    static HalfImage plain(ImageShape shape) {
        return new HalfImage(shape, 1, 1);
    }

    /** Channels of a group. */
    int channels() {
        return shape.channels() / groups;
    }

    /** Chunks that a number of channels takes. */
    static int chunks(int channels) {
        return (channels + CHUNK - 1) / CHUNK;
    }

    /** Elements, those without a channel included. */
    int elements() {
        int channels = chunk == 1 ? channels() : chunks(channels()) * CHUNK;
        return Math.multiplyExact(Math.multiplyExact(groups, channels), shape.area());
    }

    /** Elements from one sample's row to the next. */
    long stride() {
        return HalfNetwork.padded(elements());
    }

    /** Where an element of a channel lies in a row, of an image that is read as one group. */
    int position(int channel, int pixel) {
        return (channel / chunk * shape.area() + pixel) * chunk + channel % chunk;
    }
}

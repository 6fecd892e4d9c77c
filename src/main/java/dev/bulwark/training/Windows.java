package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/** A batch as a convolution sees it: each image, and each box, as its windows one after the other. */
final class Windows {

    private final Backend backend;
    private final int inputs;
    private final int length;
    private final DeviceBuffer places;
    private final Signal seen;

    /**
     * @param batch  most images, copies included
     * @param inputs elements of an image
     * @param places elements that the windows show, window after window
     */
    Windows(Backend backend, DeviceMemory memory, int batch, int inputs, int[] places) {
        this.backend = backend;
        this.inputs = inputs;
        this.length = places.length;
        this.places = memory.holding(places);
        this.seen = Signal.allocate(memory, batch, length, length);
    }

    /** The windows of the images of the last {@link #look}. */
    Signal seen() {
        return seen;
    }

    void look(Rows rows, Signal images) {
        backend.indexing().gatherColumns(images.all(rows), Signal.matrixRows(rows), inputs, places, length, seen.all(rows));
    }
}

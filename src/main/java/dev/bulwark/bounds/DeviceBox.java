package dev.bulwark.bounds;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/** A batch's boxes on a device: {@code [N,width]} lower and upper bounds, borrowed from their owner's memory. */
record DeviceBox(DeviceBuffer lower, DeviceBuffer upper) {

    /** @param length elements of each bound */
    static DeviceBox allocate(DeviceMemory memory, long length) {
        return new DeviceBox(memory.allocate(length), memory.allocate(length));
    }
}

package dev.bulwark.plan;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/** A batch's boxes on a device: {@code [rows,width]} lower and upper bounds, NaN at both ends where unknown. */
public record DeviceBox(DeviceBuffer lower, DeviceBuffer upper) {

    /** @param length elements of each bound */
    static DeviceBox allocate(DeviceMemory memory, long length) {
        return new DeviceBox(memory.allocate(length), memory.allocate(length));
    }
}

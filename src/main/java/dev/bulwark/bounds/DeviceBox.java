package dev.bulwark.bounds;

import dev.bulwark.device.DeviceBuffer;

/** A batch's boxes on a device: {@code [N,width]} lower and upper bounds, borrowed from their owner's memory. */
record DeviceBox(DeviceBuffer lower, DeviceBuffer upper) {
}

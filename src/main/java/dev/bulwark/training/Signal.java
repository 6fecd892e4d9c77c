package dev.bulwark.training;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/**
 * What flows between two layers, or its gradient: points, clean above centres as {@link Rows} says, and the radii that go
 * with the centres.
 *
 * @param points  {@code [2B,columns]}
 * @param columns elements of one point
 * @param radius  {@code [B,columns]}, or {@code [B,columns^2]} behind an elided last layer
 */
record Signal(DeviceBuffer points, int columns, DeviceBuffer radius) {

    static Signal allocate(DeviceMemory memory, int batch, int columns, int radiusColumns) {
        return new Signal(memory.allocate(2L * batch * columns), columns,
                memory.allocate((long) batch * radiusColumns));
    }

    DeviceBuffer all(Rows rows) {
        return rows.all(points, columns);
    }

    DeviceBuffer clean(Rows rows) {
        return rows.clean(points, columns);
    }

    DeviceBuffer centre(Rows rows) {
        return rows.centre(points, columns);
    }

    /** Elements of the clean rows. */
    long cleanLength(Rows rows) {
        return (long) rows.points() * columns;
    }

    /** Elements of the centres, and of the radii where they match. */
    long boxLength(Rows rows) {
        return (long) rows.count() * columns;
    }
}

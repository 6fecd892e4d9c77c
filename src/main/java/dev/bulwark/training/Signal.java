package dev.bulwark.training;

import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/**
 * Room for what flows between two layers, or its gradient: points, clean above centres as {@link Rows} says, and behind
 * them the radii that go with the centres.
 *
 * @param values        {@code [2B,columns]} and {@code [B,radiusColumns]}
 * @param columns       elements of one point
 * @param radiusColumns {@code columns}, or {@code columns^2} behind an elided last layer
 */
record Signal(DeviceBuffer values, int columns, int radiusColumns) {

    static Signal allocate(DeviceMemory memory, int batch, int columns, int radiusColumns) {
        return new Signal(memory.allocate((2L * columns + radiusColumns) * batch), columns, radiusColumns);
    }

    /** The step's rows. */
    BoxRows rows(Rows rows) {
        return rows(rows, 1);
    }

    /** The step's rows, each seen as several of equal length. */
    BoxRows rows(Rows rows, int windows) {
        int clean = rows.clean() ? rows.points() : 0;
        int boxes = rows.box() ? rows.count() : 0;
        return new BoxRows(values.slice(start(rows), (long) rows.total() * columns),
                values.slice(start(rows) + (long) rows.total() * columns, (long) boxes * radiusColumns),
                Math.multiplyExact(clean, windows), Math.multiplyExact(boxes, windows), columns / windows);
    }

    /** Points and radii of the step's rows in one matrix, where radii have as many columns. */
    DeviceBuffer all(Rows rows) {
        return values.slice(start(rows), (long) matrixRows(rows) * columns);
    }

    /** Rows of {@link #all}. */
    static int matrixRows(Rows rows) {
        return Math.addExact(rows.total(), rows.box() ? rows.count() : 0);
    }

    /** Room for the images themselves, whether or not the step computes them. */
    DeviceBuffer images(int points) {
        return values.slice(0, (long) points * columns);
    }

    /** Images that are not computed still have their place before their boxes' centres. */
    private long start(Rows rows) {
        return rows.clean() ? 0 : (long) rows.count() * columns;
    }
}

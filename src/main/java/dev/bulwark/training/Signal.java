package dev.bulwark.training;

import dev.bulwark.device.BoxRows;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;

/**
 * Room for a value of a plan in training, or its gradient: points, clean above centres as {@link StepRows} says, and behind
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
    BoxRows rows(StepRows rows) {
        int clean = rows.clean() ? rows.points() : 0;
        int boxes = rows.box() ? rows.count() : 0;
        return new BoxRows(values.slice(start(rows), (long) rows.total() * columns),
                values.slice(start(rows) + (long) rows.total() * columns, (long) boxes * radiusColumns), clean, boxes,
                columns);
    }

    /** Points and radii of the step's rows, one behind the other. */
    DeviceBuffer all(StepRows rows) {
        return values.slice(start(rows), elements(rows));
    }

    /** Elements of {@link #all}. */
    long elements(StepRows rows) {
        return (long) rows.total() * columns + (rows.box() ? (long) rows.count() * radiusColumns : 0);
    }

    /** Room for the images themselves, whether or not the step computes them. */
    DeviceBuffer images(int points) {
        return values.slice(0, (long) points * columns);
    }

    /** Images that are not computed still have their place before their boxes' centres. */
    private long start(StepRows rows) {
        return rows.clean() ? 0 : (long) rows.count() * columns;
    }
}

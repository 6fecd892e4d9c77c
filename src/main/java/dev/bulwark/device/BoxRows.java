package dev.bulwark.device;

/**
 * What flows between two layers in training, or its gradient: points, and boxes as centres and radii. Images as they are
 * and the centres of their boxes share the weights, so they lie in one matrix, clean rows above centres.
 *
 * @param points  {@code [clean + boxes,columns]}
 * @param radius  {@code [boxes,columns]}, or {@code [boxes,columns^2]} behind an elided last layer
 * @param clean   rows without a box; may be 0
 * @param boxes   rows with one; may be 0
 * @param columns elements of a point
 */
public record BoxRows(DeviceBuffer points, DeviceBuffer radius, int clean, int boxes, int columns) {

    public BoxRows {
        points.require("points", Math.multiplyExact((long) clean + boxes, columns));
        radius.require("radius", (long) boxes * columns);
    }

    /** Rows of the matrix of points. */
    public int rows() {
        return Math.addExact(clean, boxes);
    }

    public boolean hasBoxes() {
        return boxes > 0;
    }

    /** Elements of the clean rows. */
    public long cleanElements() {
        return (long) clean * columns;
    }

    /** Elements of the centres. */
    public long boxElements() {
        return (long) boxes * columns;
    }

    public DeviceBuffer cleanPoints() {
        return points.slice(0, cleanElements());
    }

    public DeviceBuffer centre() {
        return points.slice(cleanElements(), boxElements());
    }
}

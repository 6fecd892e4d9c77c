package dev.bulwark.device;

import dev.bulwark.shapes.ImageShape;

/** Copies of rows, columns and images that indices on the device select. */
public interface Indexing {

    /** {@code target[n,:] = source[rows[n],:]}, elements of either kind; {@code rows} is {@code int [count]}. */
    void gather(DeviceBuffer source, DeviceBuffer rows, int count, int columns, DeviceBuffer target);

    /**
     * {@code target[n,k] = source[n,columns[k]]}, or 0 where {@code columns[k]} is negative.
     *
     * @param source  {@code [rows,width]}
     * @param columns {@code int [count]}, below width
     * @param target  {@code [rows,count]}, not the source
     */
    void gatherColumns(DeviceBuffer source, int rows, int width, DeviceBuffer columns, int count, DeviceBuffer target);

    /**
     * Rows that a number on the device selects, so that a recorded step can find its own: with {@code k = row[0]}, each copy
     * does {@code target[k targetStride + i] = source[k sourceStride + i]} for i below its length; then
     * {@code row[0] = k + advance}.
     *
     * @param row    {@code int [1]}; the caller ensures that the rows lie inside their buffers
     * @param copies {@link #MOST_ROW_COPIES} at most, with targets that overlap neither one another nor a source
     */
    void copyRows(DeviceBuffer row, int advance, RowCopy... copies);

    /** How many copies {@link #copyRows} takes. */
    int MOST_ROW_COPIES = 3;

    /**
     * One of the copies of {@link #copyRows}, of elements of either kind.
     *
     * @param sourceStride elements from one row to the next; 0 where the source is the row
     * @param targetStride likewise
     * @param length       elements to copy
     */
    record RowCopy(DeviceBuffer source, long sourceStride, DeviceBuffer target, long targetStride, long length) {

        public RowCopy {
            source.require("source", length);
            target.require("target", length);
        }
    }

    /**
     * Images through affine maps: with {@code [a, b, c, d, e, f] = maps[rows[n]]}, the pixel (u, v) of each channel of
     * {@code target[n]} is the bilinear interpolation of that channel of {@code source[rows[n]]} at
     * {@code (a u + b v + c, d u + e v + f)}, kept in [0, 1], and 0 outside the image. u and x count columns, v and y rows.
     * Equal on all backends, bit for bit.
     *
     * @param source {@code [M,channels,height,width]}
     * @param maps   {@code [M,6]}
     * @param rows   {@code int [count]}
     * @param image  channels, height and width
     * @param target {@code [count,channels,height,width]}, not the source
     */
    void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer rows, int count, ImageShape image,
                  DeviceBuffer target);
}

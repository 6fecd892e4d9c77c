package dev.bulwark.device;

/** An affine map prepared for boxes of its outputs. Its weight and bias must not change until this is closed. */
public interface Enclosure extends AutoCloseable {

    /**
     * The box of {@code W x + b} over a box of x, as {@link OutwardIntervals#affine} and {@link Convolutions#enclose} say.
     *
     * @param lower    {@code [rows,inputs]}, as is {@code upper}
     * @param outLower {@code [rows,outputs]}, as is {@code outUpper}
     */
    void run(DeviceBuffer lower, DeviceBuffer upper, int rows, DeviceBuffer outLower, DeviceBuffer outUpper);

    /** Frees what was prepared. */
    @Override
    default void close() {
        // Nothing was prepared.
    }
}

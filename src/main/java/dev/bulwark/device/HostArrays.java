package dev.bulwark.device;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Java's arrays as copies of matrices: their lengths are ints, of which sizes multiply beyond the largest. */
public final class HostArrays {

    private HostArrays() {
    }

    /**
     * The product of {@code sizes} as a length.
     *
     * @param what the array holds, for the message
     * @throws IllegalArgumentException if no array is so long
     */
    public static int length(String what, long... sizes) {
        long length = 1;
        for (long size : sizes) {
            long high = Math.multiplyHigh(length, size);
            length *= size;
            if (high != 0 || length < 0 || length > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(what + ": " + Arrays.stream(sizes).mapToObj(Long::toString)
                        .collect(Collectors.joining(" x ")) + " elements are more than an array can hold");
            }
        }
        return (int) length;
    }

    /** All elements of a buffer of floats. */
    public static float[] read(Backend backend, DeviceBuffer buffer) {
        float[] values = new float[length("a buffer", buffer.length())];
        backend.read(buffer, values);
        return values;
    }
}

package dev.bulwark.nn;

import java.util.Arrays;

/** The dimensions of one sample, without the batch: {@code [784]}, or {@code [channels, height, width]}. */
public final class Shape {

    private final int[] dimensions;

    private Shape(int[] dimensions) {
        this.dimensions = dimensions;
    }

    public static Shape of(int... dimensions) {
        if (dimensions.length == 0) {
            throw new IllegalArgumentException("a shape needs at least one dimension");
        }
        for (int d : dimensions) {
            if (d < 1) {
                throw new IllegalArgumentException("dimensions must be positive: " + Arrays.toString(dimensions));
            }
        }
        return new Shape(dimensions.clone());
    }

    /** Product of the dimensions. */
    public int size() {
        return Arrays.stream(dimensions).reduce(1, Math::multiplyExact);
    }

    public int[] dimensions() {
        return dimensions.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    @Override
    public String toString() {
        return Arrays.toString(dimensions);
    }
}

package dev.bulwark.shapes;

import java.util.Arrays;

/** The dimensions of one sample, without the batch: {@code [784]}, or {@code [channels, height, width]}. */
public final class Shape {

    private final int[] dimensions;

    private Shape(int[] dimensions) {
        this.dimensions = dimensions;
    }

    /** @throws IllegalArgumentException if there is no dimension, one is not positive, or their product is no int */
    public static Shape of(int... dimensions) {
        if (dimensions.length == 0) {
            throw new IllegalArgumentException("a shape needs at least one dimension");
        }
        long size = 1;
        for (int d : dimensions) {
            if (d < 1) {
                throw new IllegalArgumentException("dimensions must be positive: " + Arrays.toString(dimensions));
            }
            size *= d;
            if (size > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("a sample of shape " + Arrays.toString(dimensions) + " has more than "
                        + Integer.MAX_VALUE + " elements");
            }
        }
        return new Shape(dimensions.clone());
    }

    /** Product of the dimensions. */
    public int size() {
        int size = 1;
        for (int d : dimensions) {
            size *= d;
        }
        return size;
    }

    public int rank() {
        return dimensions.length;
    }

    /** Dimension {@code axis}, counted from 0. */
    public int dimension(int axis) {
        return dimensions[axis];
    }

    public int[] dimensions() {
        return dimensions.clone();
    }

    /** All elements in one dimension. */
    public Shape flat() {
        return of(size());
    }

    /** Whether this is {@code [channels, height, width]}. */
    public boolean isImage() {
        return dimensions.length == 3;
    }

    /** This as an image. @throws IllegalArgumentException unless it has three dimensions */
    public ImageShape image() {
        if (!isImage()) {
            throw new IllegalArgumentException("an image has three dimensions [channels, height, width], not " + this);
        }
        return new ImageShape(dimensions[0], dimensions[1], dimensions[2]);
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

package dev.bulwark.model;

import dev.bulwark.shapes.Shape;
import java.util.Arrays;

/** Constant numbers of a network: floats of one shape, row-major, all finite. A value: it can't be changed. */
public final class Tensor {

    private final Shape shape;
    private final float[] values;

    private Tensor(Shape shape, float[] values) {
        this.shape = shape;
        this.values = values;
    }

    /**
     * @param values copied
     * @throws IllegalArgumentException if the number of values is not the shape's, or one is NaN or infinite
     */
    public static Tensor of(Shape shape, float... values) {
        if (values.length != shape.size()) {
            throw new IllegalArgumentException("a tensor of shape " + shape + " needs " + shape.size() + " values, not "
                    + values.length);
        }
        for (int k = 0; k < values.length; ++k) {
            if (!Float.isFinite(values[k])) {
                throw new IllegalArgumentException("a tensor of shape " + shape + " holds " + values[k] + " at element "
                        + k);
            }
        }
        return new Tensor(shape, values.clone());
    }

    /** A vector. */
    public static Tensor vector(float... values) {
        return of(Shape.of(values.length), values);
    }

    public static Tensor zeros(int... dimensions) {
        Shape shape = Shape.of(dimensions);
        return new Tensor(shape, new float[shape.size()]);
    }

    public Shape shape() {
        return shape;
    }

    public int size() {
        return values.length;
    }

    /** Element {@code k}, counted through all dimensions, the last one fastest. */
    public float at(int k) {
        return values[k];
    }

    /** A copy of all elements. */
    public float[] toArray() {
        return values.clone();
    }

    /** Copies all elements to {@code target}, from element {@code at} on. */
    public void copyTo(float[] target, int at) {
        System.arraycopy(values, 0, target, at, values.length);
    }

    /** The same elements in another shape of as many. */
    public Tensor reshaped(Shape other) {
        if (other.size() != values.length) {
            throw new IllegalArgumentException("a tensor of shape " + shape + " can't have shape " + other);
        }
        return new Tensor(other, values);
    }

    /** @throws IllegalArgumentException naming {@code what} unless the tensor has this shape */
    Tensor require(String what, int... dimensions) {
        if (!Arrays.equals(shape.dimensions(), dimensions)) {
            throw new IllegalArgumentException(what + " has shape " + shape + ", not " + Arrays.toString(dimensions));
        }
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tensor tensor && shape.equals(tensor.shape) && Arrays.equals(values, tensor.values);
    }

    @Override
    public int hashCode() {
        return 31 * shape.hashCode() + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "tensor " + shape;
    }
}

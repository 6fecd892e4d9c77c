package dev.bulwark.bounds;

import java.util.Arrays;

/** All real vectors between two float vectors, bounds included; one side may be wider than the other, or unbounded. */
public final class Box implements Region {

    private final float[] lower;
    private final float[] upper;

    /** @throws IllegalArgumentException if a bound is NaN or a lower bound exceeds its upper bound */
    public Box(float[] lower, float[] upper) {
        if (lower.length != upper.length) {
            throw new IllegalArgumentException("lower has " + lower.length + " elements, upper " + upper.length);
        }
        for (int k = 0; k < lower.length; ++k) {
            if (!(lower[k] <= upper[k])) {
                throw new IllegalArgumentException(
                        "no interval at element " + k + ": [" + lower[k] + ", " + upper[k] + "]");
            }
        }
        this.lower = lower.clone();
        this.upper = upper.clone();
    }

    /** A box of what is known: NaN, which stands for no bound, becomes the infinity on its side. */
    static Box unknownIsUnbounded(float[] lower, float[] upper) {
        float[] low = lower.clone();
        float[] high = upper.clone();
        for (int k = 0; k < low.length; ++k) {
            low[k] = Float.isNaN(low[k]) ? Float.NEGATIVE_INFINITY : low[k];
            high[k] = Float.isNaN(high[k]) ? Float.POSITIVE_INFINITY : high[k];
        }
        return new Box(low, high);
    }

    @Override
    public int size() {
        return lower.length;
    }

    @Override
    public float[] centre() {
        float[] centre = new float[lower.length];
        for (int k = 0; k < centre.length; ++k) {
            float middle = (float) (0.5 * ((double) lower[k] + upper[k])); // of two finite floats, which it lies between
            centre[k] = Math.max(lower[k], Math.min(upper[k], middle));
        }
        return centre;
    }

    @Override
    public boolean holdsCentre() {
        return true;
    }

    @Override
    public <R> R accept(Visitor<R> visitor) {
        return visitor.box(this);
    }

    public float lower(int k) {
        return lower[k];
    }

    public float upper(int k) {
        return upper[k];
    }

    public float[] lower() {
        return lower.clone();
    }

    public float[] upper() {
        return upper.clone();
    }

    public boolean contains(float[] point) {
        if (point.length != lower.length) {
            throw new IllegalArgumentException("point has " + point.length + " elements, the box " + lower.length);
        }
        for (int k = 0; k < point.length; ++k) {
            if (!(lower[k] <= point[k] && point[k] <= upper[k])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Box box && Arrays.equals(lower, box.lower) && Arrays.equals(upper, box.upper);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lower) + Arrays.hashCode(upper);
    }

    @Override
    public String toString() {
        return Arrays.toString(lower) + " to " + Arrays.toString(upper);
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.BoundarySteps.Distance;
import java.util.Arrays;

/**
 * Least displacements, inside [0, 1], onto a plane {@code value + normal . (y - x) = 0}. Normals are taken as multiples of their
 * largest element, so that no sum over- or underflows.
 */
final class BoundaryPlane {

    /** Newton's method on a concave, piecewise linear function ends before; what is left by then counts as nothing. */
    private static final int MOST_ITERATIONS = 64;
    /** What is left of a sum to be reached counts as nothing below this part of it: sums in float are no better. */
    private static final float REACHED = 0x1p-22f;

    private final Distance distance;
    private final int columns;
    /** Of the plane's normal, elements over the largest magnitude, their magnitudes, and their signs. */
    private final float[] normal;
    private final float[] weights;
    private final float[] signs;
    /** How fast an element moves: in l2 as its normal, else all alike. */
    private final float[] speeds;
    /** How far it can. */
    private final float[] rooms;
    private final float[] terms;
    private float largest;

    BoundaryPlane(Distance distance, int columns) {
        this.distance = distance;
        this.columns = columns;
        this.normal = new float[columns];
        this.weights = new float[columns];
        this.signs = new float[columns];
        this.speeds = distance == Distance.L2 ? weights : new float[columns];
        this.rooms = new float[columns];
        this.terms = new float[columns];
        if (distance != Distance.L2) {
            Arrays.fill(speeds, 1f);
        }
    }

    /** Takes up a normal {@code [columns]}; whether it is finite and not 0. */
    boolean take(float[] of) {
        for (int e = 0; e < columns; ++e) {
            weights[e] = Math.abs(of[e]);
        }
        largest = FloatSums.largest(weights);
        if (!(largest > 0 && largest < Float.POSITIVE_INFINITY)) {
            return false;
        }
        for (int e = 0; e < columns; ++e) {
            normal[e] = of[e] / largest;
        }
        for (int e = 0; e < columns; ++e) {
            weights[e] = Math.abs(normal[e]);
        }
        for (int e = 0; e < columns; ++e) {
            signs[e] = Masks.sign(normal[e]);
        }
        return true;
    }

    /** The function's value in multiples of the normal's largest element, as {@link #displace} takes it. */
    float scaled(float value) {
        return Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, value / largest));
    }

    /** What the function gains on the way from one point to another, in the same multiples. */
    float gain(float[] from, float[] to) {
        for (int e = 0; e < columns; ++e) {
            terms[e] = normal[e] * (to[e] - from[e]);
        }
        return FloatSums.sum(terms);
    }

    /**
     * The least displacement of a point onto the plane, or as far toward it as [0, 1] allows.
     *
     * @param point        {@code [columns]}, in [0, 1]
     * @param value        of the plane's function at the point, {@link #scaled}
     * @param displacement takes the answer, {@code [columns]}
     * @return its length
     */
    float displace(float[] point, float value, float[] displacement) {
        float side = value >= 0 ? -1 : 1;
        for (int e = 0; e < columns; ++e) {
            rooms[e] = Math.max(side * signs[e], 0f) * (1f - point[e]) + Math.max(-side * signs[e], 0f) * point[e];
        }
        if (distance == Distance.L1) {
            spreadSparsely(Math.abs(value));
        } else {
            float level = level(Math.abs(value));
            for (int e = 0; e < columns; ++e) {
                terms[e] = Math.min(level * speeds[e], rooms[e]);
            }
        }
        for (int e = 0; e < columns; ++e) {
            displacement[e] = side * signs[e] * terms[e];
        }
        return length();
    }

    /** The length of what the terms hold. */
    private float length() {
        if (distance == Distance.LINF) {
            return FloatSums.largest(terms);
        }
        if (distance == Distance.L1) {
            return FloatSums.sum(terms);
        }
        for (int e = 0; e < columns; ++e) {
            terms[e] *= terms[e];
        }
        return (float) Math.sqrt(FloatSums.sum(terms));
    }

    /**
     * The least t at which the sum over elements of weight min(t speed, room) reaches {@code gain}; the largest float where none
     * does. The sum is concave in t, so that Newton's method from 0 stays on the left.
     */
    private float level(float gain) {
        float t = 0;
        float left = gain;
        for (int k = 0; k < MOST_ITERATIONS && left > REACHED * gain; ++k) {
            for (int e = 0; e < columns; ++e) {
                terms[e] = weights[e] * speeds[e] * Masks.positive(rooms[e] - t * speeds[e]);
            }
            float slope = FloatSums.sum(terms);
            if (!(slope > 0)) {
                return Float.MAX_VALUE;
            }
            t = Math.min(t + left / slope, Float.MAX_VALUE); // infinity times a speed of 0 is no number
            for (int e = 0; e < columns; ++e) {
                terms[e] = weights[e] * Math.min(t * speeds[e], rooms[e]);
            }
            left = gain - FloatSums.sum(terms);
        }
        return t;
    }

    /** In l1: elements of the largest normals go as far as they can, and those of one size a part of the way. */
    private void spreadSparsely(float gain) {
        int threshold = 0;
        for (int bit = 30; bit >= 0; --bit) {
            int candidate = threshold | 1 << bit;
            threshold = gainFrom(candidate) >= gain ? candidate : threshold;
        }
        double above = gainFrom(threshold + 1);
        double tied = gainFrom(threshold) - above;
        double part = tied > 0 ? Math.min(1, Math.max(0, (gain - above) / tied)) : 0;
        for (int e = 0; e < columns; ++e) {
            int bits = bits(e);
            terms[e] = bits < threshold ? 0 : (float) ((bits > threshold ? 1 : part) * rooms[e]);
        }
    }

    /** What the elements bring whose normals are not below a threshold, as far as they can go. */
    private double gainFrom(int threshold) {
        double sum = 0;
        for (int e = 0; e < columns; ++e) {
            sum += bits(e) >= threshold ? (double) weights[e] * rooms[e] : 0;
        }
        return sum;
    }

    private int bits(int e) {
        return Float.floatToRawIntBits(weights[e]);
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.BoundarySteps.Distance;
import java.util.Arrays;

/** Least displacements, inside [0, 1], onto planes: one for each row of normals. */
final class BoundaryPlane {

    /** Newton's method on a concave, piecewise linear function ends before; what is left by then counts as nothing. */
    private static final int MOST_ITERATIONS = 64;
    private static final int MAGNITUDE = 0x7FFFFFFF;

    private final Distance distance;
    private final float[] normals;
    private final int columns;

    BoundaryPlane(Distance distance, float[] normals, int columns) {
        this.distance = distance;
        this.normals = normals;
        this.columns = columns;
    }

    /** Whether a row's normal is finite and not 0. */
    boolean isOne(int row) {
        boolean some = false;
        for (int e = row; e < row + columns; ++e) {
            if (!Float.isFinite(normals[e])) {
                return false;
            }
            some |= normals[e] != 0;
        }
        return some;
    }

    /**
     * The least displacement of a point onto the plane, or as far toward it as [0, 1] allows.
     *
     * @param points       {@code [rows,columns]}, in [0, 1]
     * @param value        of the plane's function at the point
     * @param displacement takes the answer, {@code [columns]}
     * @return its length
     */
    double displace(float[] points, int row, double value, double[] displacement) {
        int side = value >= 0 ? -1 : 1;
        Arrays.fill(displacement, 0);
        if (distance == Distance.L1) {
            return displaceSparsely(points, row, side, Math.abs(value), displacement);
        }
        double level = level(points, row, side, Math.abs(value));
        double length = 0;
        for (int e = 0; e < columns; ++e) {
            double along = normals[row + e] == 0 ? 0 : Math.min(level * speed(row + e), room(points, row + e, side));
            displacement[e] = normals[row + e] * side < 0 ? -along : along;
            length = distance == Distance.LINF ? Math.max(length, along) : length + along * along;
        }
        return distance == Distance.LINF ? length : Math.sqrt(length);
    }

    /** How fast an element moves: in l2 as its normal, else all alike. */
    private double speed(int e) {
        return distance == Distance.L2 ? Math.abs((double) normals[e]) : normals[e] != 0 ? 1 : 0;
    }

    private double room(float[] points, int e, int side) {
        return normals[e] * side > 0 ? 1.0 - points[e] : points[e];
    }

    /**
     * The least t at which the sum over elements of |normal| min(t speed, room) reaches {@code gain}; infinity where none does. The
     * sum is concave in t, so that Newton's method from 0 stays on the left.
     */
    private double level(float[] points, int row, int side, double gain) {
        double t = 0;
        for (int k = 0; k < MOST_ITERATIONS; ++k) {
            double sum = 0;
            double slope = 0;
            for (int e = row; e < row + columns; ++e) {
                double weight = Math.abs((double) normals[e]);
                double reach = t * speed(e);
                double room = room(points, e, side);
                sum += weight * Math.min(reach, room);
                slope += reach < room ? weight * speed(e) : 0;
            }
            if (!(slope > 0)) {
                return sum < gain ? Double.POSITIVE_INFINITY : t;
            }
            double next = t + (gain - sum) / slope;
            if (!(next > t)) {
                break;
            }
            t = next;
        }
        return t;
    }

    /** In l1: elements of the largest normals go as far as they can, and those of one size a part of the way. */
    private double displaceSparsely(float[] points, int row, int side, double gain, double[] displacement) {
        int threshold = 0;
        for (int bit = 30; bit >= 0; --bit) {
            int candidate = threshold | 1 << bit;
            threshold = gainFrom(points, row, side, candidate) >= gain ? candidate : threshold;
        }
        double above = gainFrom(points, row, side, threshold + 1);
        double tied = gainFrom(points, row, side, threshold) - above;
        double part = tied > 0 ? Math.min(1, Math.max(0, (gain - above) / tied)) : 0;
        double length = 0;
        for (int e = 0; e < columns; ++e) {
            int bits = bits(row + e);
            double along = normals[row + e] == 0 || bits < threshold ? 0
                    : (bits > threshold ? 1 : part) * room(points, row + e, side);
            displacement[e] = normals[row + e] * side < 0 ? -along : along;
            length += along;
        }
        return length;
    }

    /** What the elements bring whose normals are not below a threshold, as far as they can go. */
    private double gainFrom(float[] points, int row, int side, int threshold) {
        double sum = 0;
        for (int e = row; e < row + columns; ++e) {
            sum += bits(e) >= threshold ? Math.abs((double) normals[e]) * room(points, e, side) : 0;
        }
        return sum;
    }

    private int bits(int e) {
        return Float.floatToRawIntBits(normals[e]) & MAGNITUDE;
    }
}

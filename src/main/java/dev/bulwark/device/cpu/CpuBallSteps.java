package dev.bulwark.device.cpu;

import dev.bulwark.device.BallSteps;
import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;

/** Steps inside l2 and l1 balls, a row at a time, in double. */
final class CpuBallSteps implements BallSteps {

    /** Where the root is not reached by then, as in a row whose elements leave the ball's box one after another, t is less. */
    private static final int MOST_ITERATIONS = 24;
    /** Of a bracketed Newton's method, which halves where it would not come nearer otherwise. */
    private static final int MOST_BRACKETS = 80;
    /** A sum of displacements this near to the radius is good enough. */
    private static final double NEAR = 1 - 0x1p-32;

    private final Rows rows;

    CpuBallSteps(Rows rows) {
        this.rows = rows;
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer directions, DeviceBuffer centres, DeviceBuffer radii, DeviceBuffer lengths,
                     int count, int columns) {
        FloatBuffer points = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        FloatBuffer ways = CpuMemory.floats(directions.require("directions", (long) count * columns));
        FloatBuffer middles = CpuMemory.floats(centres.require("centres", (long) count * columns));
        FloatBuffer radius = CpuMemory.floats(radii.require("radii", count));
        FloatBuffer length = CpuMemory.floats(lengths.require("lengths", count));
        rows.run(count, columns, (first, block) -> {
            float[] point = new float[columns];
            float[] step = new float[columns];
            float[] centre = new float[columns];
            double[] way = new double[columns];
            for (int n = first; n < first + block; ++n) {
                points.get(n * columns, point);
                ways.get(n * columns, step);
                middles.get(n * columns, centre);
                double factor = factor(point, step, length.get(n));
                for (int e = 0; e < columns; ++e) {
                    double moved = factor == 0 ? 0 : factor * step[e];
                    way[e] = ((double) point[e] - centre[e]) + moved;
                }
                double t = Math.sqrt(largestSquare(way, centre, (double) radius.get(n) * radius.get(n)));
                for (int e = 0; e < columns; ++e) {
                    point[e] = along(centre[e], t * way[e]);
                }
                points.put(n * columns, point);
            }
        });
    }

    /** What makes a step of this length of a direction; 0 where it has no length, or none that is finite. */
    private static double factor(float[] point, float[] step, float length) {
        double squares = 0;
        for (int e = 0; e < point.length; ++e) {
            boolean outward = step[e] < 0 ? point[e] <= 0 : point[e] >= 1;
            squares += (double) step[e] * (outward ? 0 : step[e]); // NaN where a step is infinite
        }
        return squares > 0 && squares < Double.POSITIVE_INFINITY ? length / Math.sqrt(squares) : 0;
    }

    /**
     * The largest s = t^2 up to 1 at which the sum over elements of min(s way^2, room^2) is at most {@code most}. The sum is a
     * concave, piecewise linear function of s, so that Newton's method from the left stays there: any of its points will do.
     */
    private static double largestSquare(double[] way, float[] centre, double most) {
        double all = 0;
        for (double each : way) {
            all += each * each;
        }
        double s = all <= most ? 1 : most / all;
        for (int k = 0; k < MOST_ITERATIONS && s < 1; ++k) {
            double sum = 0;
            double slope = 0;
            for (int e = 0; e < way.length; ++e) {
                double square = way[e] * way[e];
                double room = way[e] > 0 ? 1.0 - centre[e] : centre[e];
                boolean free = s * square < room * room;
                sum += free ? s * square : room * room;
                slope += free ? square : 0;
            }
            double next = slope > 0 ? Math.min(1, s + (most - sum) / slope) : 1;
            if (!(next > s)) {
                break;
            }
            s = next;
        }
        return s;
    }

    @Override
    public void projectL1(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer radii, int count, int columns) {
        FloatBuffer points = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        FloatBuffer middles = CpuMemory.floats(centres.require("centres", (long) count * columns));
        FloatBuffer radius = CpuMemory.floats(radii.require("radii", count));
        rows.run(count, columns, (first, block) -> {
            float[] point = new float[columns];
            float[] centre = new float[columns];
            double[] way = new double[columns];
            for (int n = first; n < first + block; ++n) {
                points.get(n * columns, point);
                middles.get(n * columns, centre);
                boolean finite = true;
                for (int e = 0; e < columns; ++e) {
                    way[e] = (double) point[e] - centre[e];
                    finite &= Float.isFinite(point[e]);
                }
                double shrink = finite ? leastShrinkage(way, centre, radius.get(n)) : 0;
                for (int e = 0; e < columns; ++e) {
                    double left = finite ? Math.max(Math.abs(way[e]) - shrink, 0) : 0;
                    point[e] = along(centre[e], Math.copySign(left, way[e]));
                }
                points.put(n * columns, point);
            }
        });
    }

    /** The least s at which the sum over elements of min(max(|way| - s, 0), room) is at most {@code most}, but for rounding. */
    private static double leastShrinkage(double[] way, float[] centre, double most) {
        double low = 0;
        double high = 0;
        for (double each : way) {
            high = Math.max(high, Math.abs(each));
        }
        double s = 0;
        for (int k = 0; k < MOST_BRACKETS; ++k) {
            double sum = 0;
            int free = 0;
            for (int e = 0; e < way.length; ++e) {
                double left = Math.abs(way[e]) - s;
                double room = way[e] > 0 ? 1.0 - centre[e] : centre[e];
                sum += Math.min(Math.max(left, 0), room);
                free += left > 0 && left < room ? 1 : 0;
            }
            if (sum <= most) {
                high = s;
                if (k == 0 || sum >= most * NEAR) {
                    break;
                }
            } else {
                low = s;
            }
            double next = free > 0 ? s + (sum - most) / free : low;
            s = next > low && next < high ? next : 0.5 * (low + high);
            if (!(s > low && s < high)) {
                break;
            }
        }
        return high;
    }

    /** {@code clamp(centre + way, 0, 1)}, rounded toward the centre. */
    private static float along(float centre, double way) {
        double end = Math.max(0, Math.min(1, centre + way));
        float nearest = (float) end;
        return way > 0 && nearest > end ? Math.nextDown(nearest) : way < 0 && nearest < end ? Math.nextUp(nearest) : nearest;
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.BallSteps;
import dev.bulwark.device.DeviceBuffer;

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
        rows.run(count, columns, (first, block) -> {
            float[] points = Rows.load(x, first, block, columns);
            float[] steps = Rows.load(directions, first, block, columns);
            float[] middles = Rows.load(centres, first, block, columns);
            float[] radius = Rows.load(radii, first, block, 1);
            float[] length = Rows.load(lengths, first, block, 1);
            double[] way = new double[columns];
            for (int n = 0; n < block; ++n) {
                int row = n * columns;
                double factor = factor(points, steps, row, columns, length[n]);
                for (int e = 0; e < columns; ++e) {
                    double moved = factor == 0 ? 0 : factor * steps[row + e];
                    way[e] = ((double) points[row + e] - middles[row + e]) + moved;
                }
                double t = Math.sqrt(largestSquare(way, middles, row, (double) radius[n] * radius[n]));
                for (int e = 0; e < columns; ++e) {
                    points[row + e] = along(middles[row + e], t * way[e]);
                }
            }
            Rows.store(points, x, first, columns);
        });
    }

    /** What makes a step of this length of a direction; 0 where it has no length, or none that is finite. */
    private static double factor(float[] points, float[] steps, int row, int columns, float length) {
        double squares = 0;
        for (int e = row; e < row + columns; ++e) {
            boolean outward = steps[e] < 0 ? points[e] <= 0 : points[e] >= 1;
            squares += (double) steps[e] * (outward ? 0 : steps[e]); // NaN where a step is infinite
        }
        return squares > 0 && squares < Double.POSITIVE_INFINITY ? length / Math.sqrt(squares) : 0;
    }

    /**
     * The largest s = t^2 up to 1 at which the sum over elements of min(s way^2, room^2) is at most {@code most}. The sum is a
     * concave, piecewise linear function of s, so that Newton's method from the left stays there: any of its points will do.
     */
    private static double largestSquare(double[] way, float[] centres, int row, double most) {
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
                double room = way[e] > 0 ? 1.0 - centres[row + e] : centres[row + e];
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
        rows.run(count, columns, (first, block) -> {
            float[] points = Rows.load(x, first, block, columns);
            float[] middles = Rows.load(centres, first, block, columns);
            float[] radius = Rows.load(radii, first, block, 1);
            double[] way = new double[columns];
            for (int n = 0; n < block; ++n) {
                int row = n * columns;
                boolean finite = true;
                for (int e = 0; e < columns; ++e) {
                    way[e] = (double) points[row + e] - middles[row + e];
                    finite &= Float.isFinite(points[row + e]);
                }
                double shrink = finite ? leastShrinkage(way, middles, row, radius[n]) : 0;
                for (int e = 0; e < columns; ++e) {
                    double left = finite ? Math.max(Math.abs(way[e]) - shrink, 0) : 0;
                    points[row + e] = along(middles[row + e], Math.copySign(left, way[e]));
                }
            }
            Rows.store(points, x, first, columns);
        });
    }

    /** The least s at which the sum over elements of min(max(|way| - s, 0), room) is at most {@code most}, but for rounding. */
    private static double leastShrinkage(double[] way, float[] centres, int row, double most) {
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
                double room = way[e] > 0 ? 1.0 - centres[row + e] : centres[row + e];
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

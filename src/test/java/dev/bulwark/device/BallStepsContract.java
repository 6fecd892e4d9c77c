package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps inside l2 balls and projections onto l1 balls, against bisections in double. */
interface BallStepsContract extends OnBackend {

    /** Centres on the faces of [0, 1] too, where elements have no room on one side. */
    private float[] centres(int length) {
        return mapped(values(length), v -> Math.max(0, Math.min(1, 0.5 + 0.7 * v)));
    }

    @ParameterizedTest
    @CsvSource({"1,1,0.1,0.05", "3,2,0.3,1", "70,31,0.5,0.2", "5,1021,2,0.5", "5,1021,0.001,3", "33,300,8,20", "2,784,30,100",
        "9,33,0,1", "9,33,0.5,0"})
    default void givenSteps_whenTaken_thenRowsAreTheNearestPointsOfBallAndBox(int rows, int columns, float radius, float length) {
        float[] centres = centres(rows * columns);
        float[] directions = values(rows * columns);
        float[] radii = new float[rows];
        float[] lengths = new float[rows];
        for (int n = 0; n < rows; ++n) {
            radii[n] = radius * (1 + n % 3);
            lengths[n] = length / (1 + n % 4);
        }
        try (DeviceBuffer x = device(centres); DeviceBuffer up = device(directions); DeviceBuffer middle = device(centres);
             DeviceBuffer r = device(radii); DeviceBuffer far = device(lengths)) {
            float[] before = centres;
            for (int k = 0; k < 3; ++k) {
                backend().ballSteps().step(x, up, middle, r, far, rows, columns);
                float[] after = host(x);
                for (int n = 0; n < rows; ++n) {
                    requireNearest(before, directions, centres, n * columns, columns, radii[n], lengths[n], after);
                }
                before = after;
            }
        }
    }

    private static void requireNearest(float[] before, float[] directions, float[] centres, int row, int columns, float radius,
                                       float length, float[] after) {
        double norm = 0;
        for (int e = row; e < row + columns; ++e) {
            boolean outward = directions[e] < 0 && before[e] == 0 || directions[e] > 0 && before[e] == 1;
            norm += outward ? 0 : (double) directions[e] * directions[e];
        }
        double[] way = new double[columns];
        for (int e = 0; e < columns; ++e) {
            way[e] = before[row + e] - centres[row + e] + (norm > 0 ? length * (directions[row + e] / Math.sqrt(norm)) : 0);
        }
        double low = 0;
        double high = 1;
        for (int k = 0; k < 200; ++k) {
            double middle = (low + high) / 2;
            boolean inside = distance(way, centres, row, middle) <= radius;
            low = inside ? middle : low;
            high = inside ? high : middle;
        }
        double t = distance(way, centres, row, 1) <= radius ? 1 : low;
        BigDecimal squares = BigDecimal.ZERO;
        for (int e = 0; e < columns; ++e) {
            assertEquals(end(way[e], centres[row + e], t), after[row + e], 2e-6 * (1 + radius), "element " + e); // 30 floats apart
            assertTrue(after[row + e] >= 0 && after[row + e] <= 1);
            BigDecimal apart = new BigDecimal(after[row + e]).subtract(new BigDecimal(centres[row + e]));
            squares = squares.add(apart.multiply(apart));
        }
        double most = radius * (1 + 0x1p-30) + 0x1p-50 * Math.sqrt(columns);
        assertTrue(squares.sqrt(MathContext.DECIMAL64).doubleValue() <= most, squares + " beyond " + radius);
    }

    private static double end(double way, float centre, double t) {
        return Math.max(0, Math.min(1, centre + t * way));
    }

    private static double distance(double[] way, float[] centres, int row, double t) {
        double squares = 0;
        for (int e = 0; e < way.length; ++e) {
            double apart = end(way[e], centres[row + e], t) - centres[row + e];
            squares += apart * apart;
        }
        return Math.sqrt(squares);
    }

    @Test
    default void givenDirectionsThatAreNone_whenStepped_thenNothingMoves() {
        float inf = Float.POSITIVE_INFINITY;
        float[] x = {0.5f, 0.25f, 0.5f, 0.25f, 0.5f, 0.25f, 1, 0.5f, 1, 0};
        try (DeviceBuffer at = device(x); DeviceBuffer up = device(0, 0, Float.NaN, 1, inf, 1, inf, 1, 3, -2);
             DeviceBuffer middle = device(x); DeviceBuffer r = device(1, 1, 1, 1, 1);
             DeviceBuffer far = device(0.1f, 0.1f, 0.1f, 0.1f, 0.1f)) {
            backend().ballSteps().step(at, up, middle, r, far, 5, 2);
            assertArrayEquals(x, host(at));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,0.1", "3,2,0.3", "70,31,2", "5,1021,12", "2,784,0.001", "9,33,0", "4,300,500"})
    default void givenPoints_whenProjectedOntoL1Balls_thenRowsAreTheNearestPointsOfBallAndBox(int rows, int columns, float radius) {
        float[] centres = centres(rows * columns);
        float[] points = mapped(values(rows * columns), v -> 1.5 * v + 0.3);
        float[] radii = new float[rows];
        for (int n = 0; n < rows; ++n) {
            radii[n] = radius * (1 + n % 3);
        }
        try (DeviceBuffer x = device(points); DeviceBuffer middle = device(centres); DeviceBuffer r = device(radii)) {
            backend().ballSteps().projectL1(x, middle, r, rows, columns);
            float[] after = host(x);
            for (int n = 0; n < rows; ++n) {
                requireNearestL1(points, centres, n * columns, columns, radii[n], after);
            }
        }
    }

    private static void requireNearestL1(float[] points, float[] centres, int row, int columns, float radius, float[] after) {
        double low = 0;
        double high = 10;
        for (int k = 0; k < 200 && shrunk(points, centres, row, columns, 0) > radius; ++k) {
            double middle = (low + high) / 2;
            boolean inside = shrunk(points, centres, row, columns, middle) <= radius;
            low = inside ? low : middle;
            high = inside ? middle : high;
        }
        double s = shrunk(points, centres, row, columns, 0) > radius ? high : 0;
        BigDecimal sum = BigDecimal.ZERO;
        for (int e = row; e < row + columns; ++e) {
            double way = (double) points[e] - centres[e];
            double end = centres[e] + Math.signum(way) * Math.max(0, Math.abs(way) - s);
            assertEquals(Math.max(0, Math.min(1, end)), after[e], 2e-7, "element " + e);
            assertTrue(after[e] >= 0 && after[e] <= 1);
            sum = sum.add(new BigDecimal(after[e]).subtract(new BigDecimal(centres[e])).abs());
        }
        assertTrue(sum.doubleValue() <= radius * (1 + 0x1p-30) + 0x1p-50 * columns, sum + " beyond " + radius);
    }

    private static double shrunk(float[] points, float[] centres, int row, int columns, double s) {
        double sum = 0;
        for (int e = row; e < row + columns; ++e) {
            double way = (double) points[e] - centres[e];
            sum += Math.min(way > 0 ? 1.0 - centres[e] : centres[e], Math.max(0, Math.abs(way) - s));
        }
        return sum;
    }

    @Test
    default void givenAPointThatIsNone_whenProjectedOntoAnL1Ball_thenItIsTheCentre() {
        try (DeviceBuffer x = device(Float.NaN, 0.5f, Float.POSITIVE_INFINITY, 0.5f, 0.5f, 0.5f);
             DeviceBuffer middle = device(0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.25f); DeviceBuffer r = device(1, 1, 1)) {
            backend().ballSteps().projectL1(x, middle, r, 3, 2);
            assertArrayEquals(new float[] {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.5f}, host(x));
        }
    }
}

package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.BoundarySteps.Distance;
import dev.bulwark.device.BoundarySteps.Settings;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** FAB's steps, against bisection, and in l1 a sorted list, in double. */
interface BoundaryStepsContract extends OnBackend {

    /** The least displacement of a point onto the plane value + normal . d = 0 inside [0, 1], or as far as it goes. */
    private static double[] displacement(Distance distance, double[] point, double[] normal, double value) {
        int size = point.length;
        double[] room = new double[size];
        double[] way = new double[size];
        double side = value >= 0 ? -1 : 1;
        for (int e = 0; e < size; ++e) {
            way[e] = Math.signum(normal[e]) * side;
            room[e] = way[e] > 0 ? 1 - point[e] : way[e] < 0 ? point[e] : 0;
        }
        double[] answer = new double[size];
        if (distance == Distance.L1) {
            int[] order = IntStream.range(0, size).boxed().sorted(Comparator.comparing((Integer e) -> -Math.abs(normal[e])))
                    .mapToInt(e -> e).toArray();
            double left = Math.abs(value);
            for (int e : order) {
                double moved = normal[e] == 0 ? 0 : Math.min(room[e], left / Math.abs(normal[e]));
                answer[e] = way[e] * moved;
                left -= moved * Math.abs(normal[e]);
            }
            return answer;
        }
        double low = 0;
        double high = 1e9;
        for (int k = 0; k < 300; ++k) {
            double t = (low + high) / 2;
            double gain = 0;
            for (int e = 0; e < size; ++e) {
                gain += Math.abs(normal[e]) * moved(distance, t, normal[e], room[e]);
            }
            low = gain < Math.abs(value) ? t : low;
            high = gain < Math.abs(value) ? high : t;
        }
        for (int e = 0; e < size; ++e) {
            answer[e] = way[e] * moved(distance, high, normal[e], room[e]);
        }
        return answer;
    }

    private static double moved(Distance distance, double t, double normal, double room) {
        return normal == 0 ? 0 : Math.min(room, distance == Distance.L2 ? t * Math.abs(normal) : t);
    }

    private static double length(Distance distance, double[] way) {
        double sum = 0;
        for (double each : way) {
            sum = distance == Distance.LINF ? Math.max(sum, Math.abs(each)) : sum + (distance == Distance.L2 ? each * each
                    : Math.abs(each));
        }
        return distance == Distance.L2 ? Math.sqrt(sum) : sum;
    }

    private float[] points(int length) {
        return mapped(values(length), v -> Math.max(0, Math.min(1, 0.5 + 0.7 * v)));
    }

    private static double[] row(float[] matrix, int n, int columns) {
        return IntStream.range(n * columns, (n + 1) * columns).mapToDouble(k -> matrix[k]).toArray();
    }

    @ParameterizedTest
    @CsvSource({"LINF,1,1", "LINF,5,31", "LINF,3,1021", "L2,1,1", "L2,5,31", "L2,3,1021", "L1,1,1", "L1,5,31", "L1,3,1021",
        "LINF,70,33", "L2,70,33", "L1,70,33"})
    default void givenPlanes_whenStepped_thenRowsMoveTowardBoundaryAndCentre(Distance distance, int rows, int columns) {
        float[] x = points(rows * columns);
        float[] centres = points(rows * columns);
        float[] normals = mapped(values(rows * columns), v -> Math.abs(v) < 0.1 ? 0 : v);
        float[] values = mapped(values(rows), v -> 0.2 * columns * v); // some out of reach
        Settings settings = Settings.published(distance);
        double[] expected = new double[x.length];
        for (int n = 0; n < rows; ++n) {
            double[] point = row(x, n, columns);
            double[] centre = row(centres, n, columns);
            double[] normal = row(normals, n, columns);
            double between = IntStream.range(0, columns).mapToDouble(e -> normal[e] * (centre[e] - point[e])).sum();
            double[] d1 = displacement(distance, point, normal, values[n]);
            double[] d2 = displacement(distance, centre, normal, values[n] + between);
            double a1 = Math.max(1e-8, length(distance, d1));
            double a2 = Math.max(1e-8, length(distance, d2));
            double a = Math.min(a1 / (a1 + a2), settings.pull());
            boolean none = IntStream.range(0, columns).allMatch(e -> normal[e] == 0);
            for (int e = 0; e < columns; ++e) {
                double end = (1 - a) * (point[e] + settings.overshoot() * d1[e]) + a * (centre[e] + settings.overshoot() * d2[e]);
                expected[n * columns + e] = none ? point[e] : Math.max(0, Math.min(1, end));
            }
        }
        try (DeviceBuffer at = device(x); DeviceBuffer middle = device(centres); DeviceBuffer plane = device(normals);
             DeviceBuffer value = device(values)) {
            backend().boundarySteps().step(at, middle, plane, value, settings, rows, columns);
            BackendFixture.close(expected, host(at), 1e-5);
        }
    }

    /** From the centre itself, where both displacements are one, and without overshoot. */
    @ParameterizedTest
    @EnumSource
    default void givenALinearFunction_whenSteppedFromTheCentre_thenThePointLiesOnItsBoundary(Distance distance) {
        int columns = 50;
        float[] centre = mapped(values(columns), v -> 0.5 + 0.1 * v);
        float[] normal = values(columns);
        double square = IntStream.range(0, columns).mapToDouble(e -> (double) normal[e] * normal[e]).sum();
        double sum = IntStream.range(0, columns).mapToDouble(e -> Math.abs(normal[e])).sum();
        try (DeviceBuffer x = device(centre); DeviceBuffer middle = device(centre); DeviceBuffer plane = device(normal);
             DeviceBuffer value = device(-0.3f)) {
            backend().boundarySteps().step(x, middle, plane, value, new Settings(distance, 1f, 0.1f, 0.9f), 1, columns);
            float[] found = host(x);
            double reached = IntStream.range(0, columns).mapToDouble(e -> normal[e] * ((double) found[e] - centre[e])).sum();
            assertEquals(0.3, reached, 1e-5);
            double[] way = IntStream.range(0, columns).mapToDouble(e -> (double) found[e] - centre[e]).toArray();
            double closest = switch (distance) {
                case LINF -> 0.3 / sum;
                case L2 -> 0.3 / Math.sqrt(square);
                case L1 -> length(distance, displacement(distance, row(centre, 0, columns), row(normal, 0, columns), -0.3));
            };
            assertEquals(closest, length(distance, way), 1e-5);
        }
    }

    @Test
    default void givenPlanesThatAreNone_whenStepped_thenNothingMoves() {
        float[] x = {0.5f, 0.25f, 0.5f, 0.25f, 0.5f, 0.25f};
        try (DeviceBuffer at = device(x); DeviceBuffer middle = device(0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f);
             DeviceBuffer plane = device(0, 0, Float.NaN, 1, 1, 1); DeviceBuffer value = device(1, 1, Float.NEGATIVE_INFINITY)) {
            backend().boundarySteps().step(at, middle, plane, value, Settings.published(Distance.L2), 3, 2);
            assertArrayEquals(x, host(at));
        }
    }

    @ParameterizedTest
    @EnumSource
    default void givenAdversarialPoints_whenKept_thenTheNearestStaysAndAllAreDrawnBack(Distance distance) {
        int columns = 300;
        float[] centres = points(4 * columns);
        float[] x = points(4 * columns);
        float[] kept = values(4 * columns);
        double[] away = IntStream.range(0, 4).mapToDouble(n -> {
            double[] way = row(x, n, columns);
            double[] centre = row(centres, n, columns);
            return length(distance, IntStream.range(0, columns).mapToDouble(e -> way[e] - centre[e]).toArray());
        }).toArray();
        float closer = (float) (away[1] * 0.9);
        float infinite = Float.POSITIVE_INFINITY;
        try (DeviceBuffer at = device(x); DeviceBuffer middle = device(centres); DeviceBuffer found = deviceInts(1, 2, 0, -1);
             DeviceBuffer labels = deviceInts(0, 0, 0, 0); DeviceBuffer nearest = device(kept);
             DeviceBuffer distances = device(infinite, closer, infinite, infinite)) {
            backend().boundarySteps().keepNearest(at, middle, found, labels, Settings.published(distance), nearest, distances, 4, columns);
            float[] said = host(distances);
            assertEquals(away[0], said[0], 1e-5 * away[0]);
            assertArrayEquals(new float[] {closer, infinite, infinite}, new float[] {said[1], said[2], said[3]});
            float[] near = host(nearest);
            float[] now = host(at);
            for (int k = 0; k < now.length; ++k) {
                assertEquals(k < columns ? x[k] : kept[k], near[k]);
                assertEquals(k < 2 * columns ? centres[k] + 0.9 * (x[k] - centres[k]) : x[k], now[k], 1e-6);
            }
        }
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.DeviceBuffer;

/** FAB's steps, a row at a time. */
final class CpuBoundarySteps implements BoundarySteps {

    private static final float LEAST_LENGTH = 1e-8f;

    private final Rows rows;

    CpuBoundarySteps(Rows rows) {
        this.rows = rows;
    }

    @Override
    public void step(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer normals, DeviceBuffer values, Settings settings, int count,
                     int columns) {
        rows.run(count, columns, (first, block) -> {
            float[] points = Rows.load(x, first, block, columns);
            float[] middles = Rows.load(centres, first, block, columns);
            float[] normal = Rows.load(normals, first, block, columns);
            float[] value = Rows.load(values, first, block, 1);
            BoundaryPlane plane = new BoundaryPlane(settings.distance(), columns);
            float[] own = new float[columns];
            float[] centred = new float[columns];
            float overshoot = settings.overshoot();
            for (int n = 0; n < block; ++n) {
                int row = n * columns;
                if (!Float.isFinite(value[n]) || !plane.take(normal, row)) {
                    continue;
                }
                float here = plane.scaled(value[n]);
                float a1 = Math.max(LEAST_LENGTH, plane.displace(points, row, here, own));
                float a2 = Math.max(LEAST_LENGTH, plane.displace(middles, row, here + plane.gain(points, middles, row), centred));
                float pull = Math.min(a1 / (a1 + a2), settings.pull());
                for (int e = 0; e < columns; ++e) {
                    float end = (points[row + e] + overshoot * own[e]) * (1 - pull)
                            + (middles[row + e] + overshoot * centred[e]) * pull;
                    points[row + e] = Math.max(0f, Math.min(1f, end));
                }
            }
            Rows.store(points, x, first, columns);
        });
    }

    @Override
    public void keepNearest(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer predictions, DeviceBuffer labels, Settings settings,
                            DeviceBuffer nearest, DeviceBuffer distances, int count, int columns) {
        rows.run(count, columns, (first, block) -> {
            int[] found = Rows.loadInts(predictions, first, block, 1);
            int[] truth = Rows.loadInts(labels, first, block, 1);
            float[] distance = Rows.load(distances, first, block, 1);
            for (int n = 0; n < block; ++n) {
                if (found[n] < 0 || found[n] == truth[n]) {
                    continue;
                }
                float[] point = Rows.load(x, first + n, 1, columns);
                float[] centre = Rows.load(centres, first + n, 1, columns);
                float away = (float) distance(settings.distance(), point, centre);
                if (away < distance[n]) {
                    distance[n] = away;
                    Rows.store(point, nearest, first + n, columns);
                }
                for (int e = 0; e < columns; ++e) {
                    point[e] = centre[e] + settings.back() * (point[e] - centre[e]);
                }
                Rows.store(point, x, first + n, columns);
            }
            Rows.store(distance, distances, first, 1);
        });
    }

    private static double distance(Distance distance, float[] point, float[] centre) {
        double sum = 0;
        for (int e = 0; e < point.length; ++e) {
            double apart = Math.abs((double) point[e] - centre[e]);
            switch (distance) {
                case LINF -> sum = Math.max(sum, apart);
                case L2 -> sum += apart * apart;
                case L1 -> sum += apart;
            }
        }
        return distance == Distance.L2 ? Math.sqrt(sum) : sum;
    }
}

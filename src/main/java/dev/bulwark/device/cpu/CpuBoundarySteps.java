package dev.bulwark.device.cpu;

import dev.bulwark.device.BoundarySteps;
import dev.bulwark.device.DeviceBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

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
        FloatBuffer at = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        FloatBuffer origins = CpuMemory.floats(centres.require("centres", (long) count * columns));
        FloatBuffer slopes = CpuMemory.floats(normals.require("normals", (long) count * columns));
        FloatBuffer heights = CpuMemory.floats(values.require("values", count));
        float overshoot = settings.overshoot();
        rows.run(count, columns, (first, block) -> {
            BoundaryPlane plane = new BoundaryPlane(settings.distance(), columns);
            float[] point = new float[columns];
            float[] centre = new float[columns];
            float[] own = new float[columns];
            float[] centred = new float[columns];
            for (int n = first; n < first + block; ++n) {
                slopes.get(n * columns, own);
                if (!Float.isFinite(heights.get(n)) || !plane.take(own)) {
                    continue;
                }
                at.get(n * columns, point);
                origins.get(n * columns, centre);
                float height = plane.scaled(heights.get(n));
                float a1 = Math.max(LEAST_LENGTH, plane.displace(point, height, own));
                float a2 = Math.max(LEAST_LENGTH, plane.displace(centre, height + plane.gain(point, centre), centred));
                float pull = Math.min(a1 / (a1 + a2), settings.pull());
                for (int e = 0; e < columns; ++e) { // two loops are vectorised, and one is not
                    point[e] = (point[e] + overshoot * own[e]) * (1 - pull) + (centre[e] + overshoot * centred[e]) * pull;
                }
                for (int e = 0; e < columns; ++e) {
                    point[e] = Math.max(0f, Math.min(1f, point[e]));
                }
                at.put(n * columns, point);
            }
        });
    }

    @Override
    public void keepNearest(DeviceBuffer x, DeviceBuffer centres, DeviceBuffer predictions, DeviceBuffer labels, Settings settings,
                            DeviceBuffer nearest, DeviceBuffer distances, int count, int columns) {
        FloatBuffer at = CpuMemory.floatsToWrite(x.require("x", (long) count * columns));
        FloatBuffer origins = CpuMemory.floats(centres.require("centres", (long) count * columns));
        FloatBuffer kept = CpuMemory.floatsToWrite(nearest.require("nearest", (long) count * columns));
        FloatBuffer lengths = CpuMemory.floatsToWrite(distances.require("distances", count));
        IntBuffer found = CpuMemory.ints(predictions.require("predictions", count));
        IntBuffer truth = CpuMemory.ints(labels.require("labels", count));
        rows.run(count, columns, (first, block) -> {
            float[] point = new float[columns];
            float[] centre = new float[columns];
            for (int n = first; n < first + block; ++n) {
                if (found.get(n) < 0 || found.get(n) == truth.get(n)) {
                    continue;
                }
                at.get(n * columns, point);
                origins.get(n * columns, centre);
                float away = (float) distance(settings.distance(), point, centre);
                if (away < lengths.get(n)) {
                    lengths.put(n, away);
                    kept.put(n * columns, point);
                }
                for (int e = 0; e < columns; ++e) {
                    point[e] = centre[e] + settings.back() * (point[e] - centre[e]);
                }
                at.put(n * columns, point);
            }
        });
    }

    private static double distance(Distance distance, float[] point, float[] centre) {
        double length = 0;
        switch (distance) {
            case LINF -> {
                for (int e = 0; e < point.length; ++e) {
                    length = Math.max(length, Math.abs((double) point[e] - centre[e]));
                }
            }
            case L2 -> {
                for (int e = 0; e < point.length; ++e) {
                    length += ((double) point[e] - centre[e]) * ((double) point[e] - centre[e]);
                }
                length = Math.sqrt(length);
            }
            case L1 -> {
                for (int e = 0; e < point.length; ++e) {
                    length += Math.abs((double) point[e] - centre[e]);
                }
            }
        }
        return length;
    }
}

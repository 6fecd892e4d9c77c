package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Indexing;
import dev.bulwark.shapes.ImageShape;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** Copies of rows, columns and images by their indices. */
final class CpuIndexing implements Indexing {

    /** Elements of an image's affine map. */
    private static final int MAP = 6;

    private final Rows rows;

    CpuIndexing(Rows rows) {
        this.rows = rows;
    }

    @Override
    public void gather(DeviceBuffer source, DeviceBuffer indices, int count, int columns, DeviceBuffer target) {
        IntBuffer from = CpuMemory.ints(source);
        IntBuffer to = CpuMemory.intsToWrite(target.require("target", (long) count * columns));
        int[] picked = Rows.loadInts(indices, 0, count, 1);
        rows.run(count, columns, (first, block) -> {
            for (int n = first; n < first + block; ++n) {
                to.put(n * columns, from, picked[n] * columns, columns);
            }
        });
    }

    @Override
    public void gatherColumns(DeviceBuffer source, int count, int width, DeviceBuffer columns, int picked,
                              DeviceBuffer target) {
        FloatBuffer from = CpuMemory.floats(source.require("source", (long) count * width));
        FloatBuffer to = CpuMemory.floatsToWrite(target.require("target", (long) count * picked));
        int[] places = Rows.loadInts(columns, 0, picked, 1);
        rows.run(count, width, (first, block) -> {
            float[] row = new float[width];
            float[] shown = new float[picked];
            for (int n = first; n < first + block; ++n) {
                from.get(n * width, row);
                for (int k = 0; k < picked; ++k) {
                    shown[k] = places[k] < 0 ? 0f : row[places[k]];
                }
                to.put(n * picked, shown);
            }
        });
    }

    @Override
    public void copyRows(DeviceBuffer row, int advance, RowCopy... copies) {
        if (copies.length > MOST_ROW_COPIES) {
            throw new IllegalArgumentException(copies.length + " copies of rows, of which " + MOST_ROW_COPIES
                    + " go at a time");
        }
        IntBuffer number = CpuMemory.intsToWrite(row.require("row", 1));
        int k = number.get(0);
        for (RowCopy copy : copies) {
            CpuMemory.copy(copy.source().slice(k * copy.sourceStride(), copy.length()), copy.length(),
                    copy.target().slice(k * copy.targetStride(), copy.length()));
        }
        number.put(0, k + advance);
    }

    @Override
    public void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer indices, int count, ImageShape image,
                         DeviceBuffer target) {
        int size = image.size();
        target.require("target", (long) count * size);
        int[] picked = Rows.loadInts(indices, 0, count, 1);
        rows.run(count, (first, block) -> {
            float[] images = new float[block * size];
            for (int n = 0; n < block; ++n) {
                int from = picked[first + n];
                float[] pixels = Rows.load(source, from, 1, size);
                float[] map = Rows.load(maps, from, 1, MAP);
                for (int at = 0; at < size; at += image.area()) {
                    new View(pixels, at, map, image.height(), image.width()).writeTo(images, n * size + at);
                }
            }
            Rows.store(images, target, first, size);
        });
    }

    /** One channel of an image, from element {@code start} on, and the image's map. */
    private record View(float[] pixels, int start, float[] map, int height, int width) {

        void writeTo(float[] target, int at) {
            for (int v = 0; v < height; ++v) {
                for (int u = 0; u < width; ++u) {
                    float x = map[0] * u + map[1] * v + map[2];
                    float y = map[3] * u + map[4] * v + map[5];
                    target[at + v * width + u] = x > -1 && x < width && y > -1 && y < height ? interpolated(x, y) : 0f;
                }
            }
        }

        private float interpolated(float x, float y) {
            int left = (int) Math.floor(x);
            int top = (int) Math.floor(y);
            float right = x - left;
            float down = y - top;
            float above = between(pixel(left, top), pixel(left + 1, top), right);
            float below = between(pixel(left, top + 1), pixel(left + 1, top + 1), right);
            return Math.min(Math.max(between(above, below, down), 0f), 1f);
        }

        private static float between(float from, float to, float share) {
            return from + share * (to - from);
        }

        private float pixel(int x, int y) {
            return x < 0 || x >= width || y < 0 || y >= height ? 0f : pixels[start + y * width + x];
        }
    }
}

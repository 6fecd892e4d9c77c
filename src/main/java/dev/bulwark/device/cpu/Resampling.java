package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;

/** Images seen through affine maps. */
final class Resampling {

    private static final int MAP = 6;

    private final Rows rows;

    Resampling(Rows rows) {
        this.rows = rows;
    }

    void resample(DeviceBuffer source, DeviceBuffer maps, DeviceBuffer indices, int count, int height, int width,
                  DeviceBuffer target) {
        int size = Math.multiplyExact(height, width);
        target.require("target", (long) count * size);
        int[] picked = Rows.loadInts(indices, 0, count, 1);
        rows.run(count, (first, block) -> {
            float[] images = new float[block * size];
            for (int n = 0; n < block; ++n) {
                int image = picked[first + n];
                View view = new View(Rows.load(source, image, 1, size), Rows.load(maps, image, 1, MAP), height, width);
                view.writeTo(images, n * size);
            }
            Rows.store(images, target, first, size);
        });
    }

    /** One image and its map. */
    private record View(float[] pixels, float[] map, int height, int width) {

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
            return x < 0 || x >= width || y < 0 || y >= height ? 0f : pixels[y * width + x];
        }
    }
}

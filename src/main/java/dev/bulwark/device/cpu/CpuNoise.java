package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.Noise;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.device.SmoothingNoise;
import java.nio.FloatBuffer;
import java.util.function.IntUnaryOperator;

/** Random numbers added to rows, and drawn in boxes. */
final class CpuNoise implements Noise {

    private final Rows rows;
    private final NoiseRows noise;

    CpuNoise(Rows rows, NoiseRows noise) {
        this.rows = rows;
        this.noise = noise;
    }

    @Override
    public void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int count, int columns,
                         SmoothingNoise noise, NoiseKey key, DeviceBuffer target) {
        int[] image = Rows.loadInts(images, 0, count, 1);
        int[] sample = Rows.loadInts(samples, 0, count, 1);
        noisyRows(x, columns, count, n -> image[n], n -> sample[n], columns, noise, key, target);
    }

    @Override
    public void noisyCopies(DeviceBuffer x, int image, int firstSample, int count, int columns, SmoothingNoise noise,
                            NoiseKey key, DeviceBuffer target) {
        noisyRows(x, 0, count, n -> image, n -> firstSample + n, columns, noise, key, target);
    }

    private void noisyRows(DeviceBuffer x, int stride, int count, IntUnaryOperator image,
                           IntUnaryOperator sample, int columns, SmoothingNoise law, NoiseKey key,
                           DeviceBuffer target) {
        FloatBuffer from = CpuMemory.floats(x.require("x", stride == 0 ? columns : (long) count * columns));
        FloatBuffer to = CpuMemory.floatsToWrite(target.require("target", (long) count * columns));
        rows.run(count, (first, block) -> {
            float[] z = new float[Philox.paddedLength(columns)];
            int[] words = new int[2 * z.length];
            float[] row = new float[columns];
            for (int n = first; n < first + block; ++n) {
                from.get(n * stride, row);
                draw(law, row, key, image.applyAsInt(n), sample.applyAsInt(n), words, z);
                to.put(n * columns, z, 0, columns);
            }
        });
    }

    /** A sample of an image. @param target at least {@code Philox.paddedLength(x.length)} long */
    private void draw(SmoothingNoise law, float[] x, NoiseKey key, int image, int sample, int[] words, float[] target) {
        if (law instanceof SmoothingNoise.Discrete discrete) {
            noise.discreteSample(discrete.noise(), x, key, image, sample, x.length, words, target);
            return;
        }
        float sigma = ((SmoothingNoise.Gaussian) law).sigma();
        noise.normals(key, image, sample, x.length, words, target);
        for (int e = 0; e < x.length; ++e) {
            target[e] = Math.fma(sigma, target[e], x[e]);
        }
    }

    @Override
    public void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples,
                             int count, int columns, NoiseKey key, DeviceBuffer target) {
        int[] image = Rows.loadInts(images, 0, count, 1);
        int[] sample = Rows.loadInts(samples, 0, count, 1);
        rows.run(count, (first, block) -> {
            float[] low = Rows.load(lower, first, block, columns);
            float[] high = Rows.load(upper, first, block, columns);
            int[] words = new int[Philox.paddedLength(columns)];
            for (int n = 0; n < block; ++n) {
                noise.words(key, image[first + n], sample[first + n], columns, words);
                for (int e = 0; e < columns; ++e) {
                    int k = n * columns + e;
                    low[k] = Math.min(Math.fma(Philox.uniform(words[e]), high[k] - low[k], low[k]), high[k]);
                }
            }
            Rows.store(low, target, first, columns);
        });
    }
}

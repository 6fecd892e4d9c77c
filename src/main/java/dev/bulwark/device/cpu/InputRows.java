package dev.bulwark.device.cpu;

import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.dnnl.memory;

/** Rows of noisy inputs in row-major memory, in its type; rows that a padded chunk leaves alone are zero from the start. */
interface InputRows {

    /** Sets a row to {@code x + sigma z}; heap arrays. */
    void set(int row, float[] x, float[] z, float sigma);

    /** @param noise makes sums in bf16 */
    static InputRows of(memory target, int rows, NoiseRows noise) {
        return DnnMemory.isBfloat16(target) ? new InBfloat16(noise, DnnMemory.halves(target), rows)
                : new InFloat(DnnMemory.floats(target), rows);
    }

    /** In float. */
    final class InFloat implements InputRows {
        private final FloatBuffer target;
        private final float[] row;

        private InFloat(FloatBuffer target, int rows) {
            this.target = target;
            row = new float[target.capacity() / rows];
            target.put(0, new float[target.capacity()]);
        }

        @Override
        public void set(int at, float[] x, float[] z, float sigma) {
            for (int e = 0; e < row.length; ++e) {
                row[e] = Math.fma(sigma, z[e], x[e]);
            }
            target.put(at * row.length, row);
        }
    }

    /** In bf16. */
    final class InBfloat16 implements InputRows {
        private final NoiseRows noise;
        private final ShortBuffer target;
        private final short[] row;

        private InBfloat16(NoiseRows noise, ShortBuffer target, int rows) {
            this.noise = noise;
            this.target = target;
            row = new short[target.capacity() / rows];
            target.put(0, new short[target.capacity()]);
        }

        @Override
        public void set(int at, float[] x, float[] z, float sigma) {
            noise.scaledSum(x, z, sigma, row.length, row);
            target.put(at * row.length, row);
        }
    }
}

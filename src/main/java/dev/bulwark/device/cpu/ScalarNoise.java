package dev.bulwark.device.cpu;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NormalTransform;
import dev.bulwark.device.Philox;
import dev.bulwark.device.RoundedGaussian;

/** One element after the other: the twin of {@link VectorNoise} for JVMs without vectors. */
final class ScalarNoise implements NoiseRows {

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public void words(NoiseKey key, int image, int sample, int columns, int[] words) {
        int[] counter = {0, sample, image, key.stream().ordinal()};
        for (int group = 0; group < columns; group += Philox.GROUP) {
            for (int lane = 0; lane < Philox.LANES; ++lane) {
                counter[0] = group / Philox.GROUP * Philox.LANES + lane;
                int[] block = Philox.block(counter, key.keyLow(), key.keyHigh());
                for (int word = 0; word < 4; ++word) {
                    words[group + word * Philox.LANES + lane] = block[word];
                }
            }
        }
    }

    @Override
    public void normals(NoiseKey key, int image, int sample, int columns, int[] words, float[] target) {
        words(key, image, sample, columns, words);
        for (int pair = 0; pair < columns; pair += 2 * Philox.LANES) {
            for (int e = pair; e < pair + Philox.LANES; ++e) {
                float radius = NormalTransform.radius(words[e]);
                int angle = words[e + Philox.LANES];
                target[e] = radius * NormalTransform.cosine(angle);
                target[e + Philox.LANES] = radius * NormalTransform.sine(angle);
            }
        }
    }

    @Override
    public boolean discreteSample(RoundedGaussian law, float[] x, NoiseKey key, int image, int sample, int columns,
                                  int[] words, float[] target) {
        words(key, image, sample, columns, words);
        boolean decided = true;
        for (int e = 0; e < columns; ++e) {
            int noise = law.search(words[e], key, image, sample, e);
            decided &= noise != RoundedGaussian.UNDECIDED;
            target[e] = law.sample(x[e], noise);
        }
        return decided;
    }

    @Override
    public void scaledSum(float[] x, float[] z, float sigma, int columns, short[] target) {
        for (int e = 0; e < columns; ++e) {
            target[e] = bfloat16(Math.fma(sigma, z[e], x[e]));
        }
    }

    /** The bits of the bf16 nearest to a finite {@code value}, to even at a tie. */
    static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}

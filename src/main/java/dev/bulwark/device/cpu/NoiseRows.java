package dev.bulwark.device.cpu;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.RoundedGaussian;

/** Rows of counter-based random numbers, bit-identical to {@link dev.bulwark.device.Philox}. */
interface NoiseRows {

    /** How it is done, for provenance. */
    String name();

    /**
     * {@code target[e]} = the normal number of element e, for {@code columns} elements.
     *
     * @param words  scratch of {@code Philox.paddedLength(columns)} elements
     * @param target at least as long
     */
    void normals(NoiseKey key, int image, int sample, int columns, int[] words, float[] target);

    /** {@code words[e]} = the random word of element e; as long as {@code Philox.paddedLength(columns)}. */
    void words(NoiseKey key, int image, int sample, int columns, int[] words);

    /**
     * {@code target[e] =} the sample of {@code x[e]}, {@link RoundedGaussian#sample}, for {@code columns} elements.
     *
     * @param x     bytes over 255
     * @param words scratch of {@code 2 Philox.paddedLength(columns)} elements
     * @return whether all noise is decided; elements whose noise is not are NaN
     */
    boolean discreteSample(RoundedGaussian law, float[] x, NoiseKey key, int image, int sample, int columns, int[] words,
                           float[] target);

    /** {@code target[e] = bf16(x[e] + sigma z[e])}, the sum rounded once to float and then to nearest even. */
    void scaledSum(float[] x, float[] z, float sigma, int columns, short[] target);
}

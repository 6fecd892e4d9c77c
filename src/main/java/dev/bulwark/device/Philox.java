package dev.bulwark.device;

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and the transforms from its words
 * to uniform and normal numbers. This is the reference that every backend equals bit for bit.
 *
 * <p><b>Layout.</b> Element {@code e} of sample {@code s} of image {@code i} takes word {@code (e >> 4) & 3} of the block
 * with counter {@code (16 * (e >> 6) + (e & 15), s, i, stream)}: sixteen neighbouring counters fill sixty-four
 * neighbouring elements, so that a vector of counters writes whole vectors of numbers.
 *
 * <p><b>Normals.</b> Box-Muller on words (0, 1) and (2, 3) of a block, by additions, multiplications, fused
 * multiply-adds, correctly rounded square roots and integer operations only, so that Java, C++ and CUDA give the same
 * bits. The largest radius is {@code sqrt(64 ln 2)} = 6.66; the error against exact arithmetic stays under 1e-6.
 */
public final class Philox {

    /** Elements filled by sixteen neighbouring counters. */
    public static final int GROUP = 64;
    /** Neighbouring counters, and neighbouring elements that take the same word of their block. */
    public static final int LANES = 16;

    public static final int MULTIPLIER_0 = 0xD2511F53;
    public static final int MULTIPLIER_1 = 0xCD9E8D57;
    public static final int WEYL_0 = 0x9E3779B9;
    public static final int WEYL_1 = 0xBB67AE85;
    public static final int ROUNDS = 10;

    private Philox() {
    }

    /** The four words of one block; {@code counter} has four words and is left as it was. */
    public static int[] block(int[] counter, int keyLow, int keyHigh) {
        int c0 = counter[0];
        int c1 = counter[1];
        int c2 = counter[2];
        int c3 = counter[3];
        int k0 = keyLow;
        int k1 = keyHigh;
        for (int round = 0; round < ROUNDS; ++round) {
            long p0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return new int[] {c0, c1, c2, c3};
    }

    /** The block that holds element {@code element}. */
    public static int[] blockOf(NoiseKey key, int image, int sample, int element) {
        int counter = (element >> 6) * LANES + (element & (LANES - 1));
        return block(new int[] {counter, sample, image, key.stream().ordinal()}, key.keyLow(), key.keyHigh());
    }

    /** One 32-bit word for one element. */
    public static int word(NoiseKey key, int image, int sample, int element) {
        return blockOf(key, image, sample, element)[(element >> 4) & 3];
    }

    /** A number in [0, 1), a multiple of 2^-24. */
    public static float uniform(NoiseKey key, int image, int sample, int element) {
        return uniform(word(key, image, sample, element));
    }

    /** A standard normal number. */
    public static float normal(NoiseKey key, int image, int sample, int element) {
        int[] words = blockOf(key, image, sample, element);
        int which = (element >> 4) & 3;
        int first = which & 2;
        float radius = NormalTransform.radius(words[first]);
        return (which & 1) == 0
                ? radius * NormalTransform.cosine(words[first + 1])
                : radius * NormalTransform.sine(words[first + 1]);
    }

    /** The top 24 bits of {@code word} as a number in [0, 1). */
    public static float uniform(int word) {
        return (word >>> 8) * 0x1p-24f;
    }

    /** Number of 32-bit words to reserve so that a row of {@code elements} can be filled in whole groups. */
    public static int paddedLength(int elements) {
        return (elements + GROUP - 1) / GROUP * GROUP;
    }
}

package dev.bulwark.device;

import java.util.Arrays;

/** Laws built so that the word of one draw is a threshold's first word. */
final class DiscreteNoises {

    /** Thresholds of a law without room beyond 0 and 255. */
    private static final int THRESHOLDS = 510;
    /** Where the draw's word lies among them. */
    static final int AT = 300;

    private DiscreteNoises() {
    }

    /** What the further bits of the thresholds with that first word say. */
    enum Tie {
        /** The draw lies above one threshold. */
        ABOVE(AT + 1 - 255, 1),
        /** The draw lies below one threshold. */
        BELOW(AT - 255, -1),
        /** The draw lies above two of three thresholds that have the same first word. */
        BETWEEN(AT + 2 - 255, 1, 1, -1),
        /** All bits are a threshold's. */
        EQUAL(RoundedGaussian.UNDECIDED, 0);

        /** What the noise is. */
        final int noise;
        private final int[] orders;

        Tie(int noise, int... orders) {
            this.noise = noise;
            this.orders = orders;
        }
    }

    static RoundedGaussian tied(Tie tie, NoiseKey key, int image, int sample, int element) {
        int word = Philox.word(key, image, sample, element);
        // The last of the four words decides.
        int[] further = Philox.block(new int[] {element, sample, image, key.stream().ordinal() | 0x80000000}, key.keyLow(),
                key.keyHigh());
        int[] first = new int[THRESHOLDS];
        int[] more = new int[4 * THRESHOLDS];
        int equal = tie.orders.length;
        for (int k = 0; k < THRESHOLDS; ++k) {
            long unsigned = Integer.toUnsignedLong(word);
            if (k < AT) {
                first[k] = (int) (unsigned * k / AT);
            } else if (k < AT + equal) {
                first[k] = word;
                System.arraycopy(further, 0, more, 4 * k, 4);
                more[4 * k + 3] -= tie.orders[k - AT];
            } else {
                first[k] = (int) (unsigned + (0xFFFFFFFFL - unsigned) * (k - AT - equal + 1) / (THRESHOLDS - AT));
            }
        }
        return new RoundedGaussian(0, first, more);
    }

    /** Bytes over 255, all of them in turn. */
    static float[] bytes(int length) {
        float[] bytes = new float[length];
        for (int k = 0; k < length; ++k) {
            bytes[k] = k % 256 / 255f;
        }
        return bytes;
    }

    /** The sample of an image by the reference. */
    static float[] sample(RoundedGaussian law, float[] x, NoiseKey key, int image, int sample) {
        float[] all = Arrays.copyOf(x, x.length);
        for (int e = 0; e < x.length; ++e) {
            all[e] = law.sample(x[e], law.noise(key, image, sample, e));
        }
        return all;
    }
}

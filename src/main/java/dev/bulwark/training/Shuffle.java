package dev.bulwark.training;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;

/** The order of the training images: a permutation for each epoch, independent of all others. */
final class Shuffle {

    private Shuffle() {
    }

    /**
     * Fisher-Yates on {@code 0 .. count - 1}; swap k draws word (0, epoch, k). A word times a bound, shifted, picks a place
     * with a bias of at most {@code count / 2^32}.
     */
    static int[] order(long seed, int epoch, int count) {
        NoiseKey key = new NoiseKey(seed, NoiseKey.Stream.SHUFFLE);
        int[] order = new int[count];
        for (int k = 0; k < count; ++k) {
            int place = (int) ((Philox.word(key, 0, epoch, k) & 0xFFFFFFFFL) * (k + 1) >>> 32);
            order[k] = order[place];
            order[place] = k;
        }
        return order;
    }
}

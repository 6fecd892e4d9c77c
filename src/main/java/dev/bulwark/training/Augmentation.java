package dev.bulwark.training;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.shapes.ImageShape;

/**
 * Random affine maps of the training images, a new one for every image in every epoch: handwriting slants, shrinks and
 * shifts, and a network trained on that fits the training set less closely (Simard et al. 2003, "Best practices for
 * convolutional neural networks applied to visual document analysis").
 *
 * @param rotation largest angle, in degrees either way
 * @param scaling  largest share by which an image grows or shrinks
 * @param shift    longest way along each axis, in pixels
 */
public record Augmentation(double rotation, double scaling, double shift) {

    public static final Augmentation NONE = new Augmentation(0, 0, 0);

    /** Numbers that make up a map: two rows of {@code [a, b, c]}, as {@link dev.bulwark.device.Indexing#resample} wants. */
    static final int MAP = 6;

    public Augmentation {
        Checks.atLeast(0, "rotation", rotation);
        Checks.below(180, "rotation", rotation);
        Checks.atLeast(0, "scaling", scaling);
        Checks.below(1, "scaling", scaling);
        Checks.atLeast(0, "shift", shift);
    }

    boolean isNone() {
        return equals(NONE);
    }

    /**
     * Each image's map in an epoch, from pixels of the new image to places in the old one: {@code [count,6]}.
     * Draws word (image, epoch, 0 .. 3) of the seed's stream, and rounds every number once to float.
     *
     * @param image height and width; all channels go through one map
     */
    float[] maps(long seed, int epoch, int count, ImageShape image) {
        NoiseKey key = new NoiseKey(seed, NoiseKey.Stream.AFFINE_MAPS);
        double middleX = (image.width() - 1) / 2.0;
        double middleY = (image.height() - 1) / 2.0;
        float[] maps = new float[Math.multiplyExact(count, MAP)];
        for (int k = 0; k < count; ++k) {
            int[] words = Philox.blockOf(key, k, epoch, 0);
            double angle = Math.toRadians(rotation * symmetric(words[0]));
            double shrink = 1 / (1 + scaling * symmetric(words[1]));
            double cosine = shrink * StrictMath.cos(angle);
            double sine = shrink * StrictMath.sin(angle);
            double fromX = middleX + shift * symmetric(words[2]);
            double fromY = middleY + shift * symmetric(words[3]);
            int at = k * MAP;
            maps[at] = (float) cosine;
            maps[at + 1] = (float) -sine;
            maps[at + 2] = (float) (middleX - cosine * fromX + sine * fromY);
            maps[at + 3] = (float) sine;
            maps[at + 4] = (float) cosine;
            maps[at + 5] = (float) (middleY - sine * fromX - cosine * fromY);
        }
        return maps;
    }

    /** A number in [-1, 1). */
    private static double symmetric(int word) {
        return 2 * (double) Philox.uniform(word) - 1;
    }
}

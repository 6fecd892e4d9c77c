package dev.bulwark.training;

/**
 * Images and labels to train on, on the host.
 *
 * <p>The arrays are used as they are, not copied: they may be hundreds of megabytes.
 */
public final class TrainingSet {

    private final float[] images;
    private final int[] labels;
    private final int classes;
    private final String digest;

    /**
     * @param images  {@code [N,D]}, row by row, in [0, 1]
     * @param labels  {@code [N]}, each at least 0 and below {@code classes}
     * @param digest  names the data in checkpoints: a run resumes only on data with the same digest
     */
    public TrainingSet(float[] images, int[] labels, int classes, String digest) {
        if (labels.length == 0 || images.length == 0 || images.length % labels.length != 0) {
            throw new IllegalArgumentException(
                    images.length + " image elements do not divide into " + labels.length + " images");
        }
        if (classes < 2) {
            throw new IllegalArgumentException("a classifier needs at least 2 classes, not " + classes);
        }
        for (int n = 0; n < labels.length; ++n) {
            if (labels[n] < 0 || labels[n] >= classes) {
                throw new IllegalArgumentException(
                        "label " + labels[n] + " of image " + n + " is not one of " + classes + " classes");
            }
        }
        Checks.named("digest", digest);
        this.images = images;
        this.labels = labels;
        this.classes = classes;
        this.digest = digest;
    }

    /** Number of images. */
    public int count() {
        return labels.length;
    }

    /** Elements of one image. */
    public int inputs() {
        return images.length / labels.length;
    }

    /** Pixels along either edge of an image. @throws IllegalArgumentException if images aren't square */
    int side() {
        int side = (int) Math.round(Math.sqrt(inputs()));
        if (side * side != inputs()) {
            throw new IllegalArgumentException("images of " + inputs() + " values aren't square: train without augmentation");
        }
        return side;
    }

    public int classes() {
        return classes;
    }

    public String digest() {
        return digest;
    }

    float[] images() {
        return images;
    }

    int[] labels() {
        return labels;
    }
}

package dev.bulwark.training;

import dev.bulwark.shapes.ImageShape;

/**
 * Images and labels to train on, on the host.
 *
 * <p>The arrays are used as they are, not copied: they may be hundreds of megabytes.
 */
public final class TrainingSet {

    private final float[] images;
    private final ImageShape shape;
    private final int[] labels;
    private final int classes;
    private final String digest;

    /**
     * @param images  {@code [N, channels, height, width]}, in [0, 1]
     * @param shape   of an image
     * @param labels  {@code [N]}, each at least 0 and below {@code classes}
     * @param digest  names the data in checkpoints: a run resumes only on data with the same digest
     */
    public TrainingSet(float[] images, ImageShape shape, int[] labels, int classes, String digest) {
        if (labels.length == 0 || images.length != (long) labels.length * shape.size()) {
            throw new IllegalArgumentException(images.length + " image elements are not " + labels.length + " images of "
                    + shape);
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
        this.shape = shape;
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
        return shape.size();
    }

    /** Channels, height and width of one image. */
    public ImageShape shape() {
        return shape;
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

package dev.bulwark.data;

import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/**
 * Labelled images of one shape, kept as bytes and handed out as floats in [0, 1]. Immutable.
 *
 * <p>An image is {@code [channels, height, width]}, flattened to {@code [channels * height * width]}: one channel after the
 * other, each row by row from the top left. Labels are 0 to {@link #classes} - 1, and 255 at most.
 */
public final class Dataset {

    private static final float[] INTENSITY = intensities();
    private static final int MOST_CLASSES = 256;

    private final Origin origin;
    private final ImageShape shape;
    private final int classes;
    private final byte[] pixels;
    private final byte[] labels;
    private String digest;

    /**
     * Where the images come from.
     *
     * @param name     as {@link Dataset#name}
     * @param verified as {@link Dataset#verified}
     */
    record Origin(String name, boolean verified) {

        Origin {
            Objects.requireNonNull(name, "name");
        }
    }

    /** Takes the arrays over: nobody may write to them afterwards. */
    Dataset(Origin origin, ImageShape shape, int classes, byte[] pixels, byte[] labels) {
        if (pixels.length != (long) labels.length * shape.size()) {
            throw new IllegalArgumentException("pixels has " + pixels.length + " bytes, " + labels.length + " images of "
                    + shape + " need " + (long) labels.length * shape.size());
        }
        if (classes < 1 || classes > MOST_CLASSES) {
            throw new IllegalArgumentException("classes is " + classes + ", 1 to " + MOST_CLASSES + " expected");
        }
        for (int i = 0; i < labels.length; ++i) {
            if (Byte.toUnsignedInt(labels[i]) >= classes) {
                throw new IllegalArgumentException("labels holds " + Byte.toUnsignedInt(labels[i]) + " at index " + i
                        + ", the last class is " + (classes - 1));
            }
        }
        this.origin = origin;
        this.shape = shape;
        this.classes = classes;
        this.pixels = pixels;
        this.labels = labels;
    }

    /**
     * A data set from arrays, which are copied; {@link #verified} is false.
     *
     * @param classes number of classes, 256 at most
     * @param pixels  {@code [N, channels, height, width]}, 0 to 255 as unsigned bytes
     * @param labels  {@code [N]}, 0 to {@code classes - 1} as unsigned bytes
     * @throws IllegalArgumentException if the lengths don't fit or a label is no class
     */
    public static Dataset of(String name, ImageShape shape, int classes, byte[] pixels, byte[] labels) {
        return new Dataset(new Origin(name, false), shape, classes, pixels.clone(), labels.clone());
    }

    /** How many classes these labels speak of, where nothing else says: the largest label and all below it. */
    static int classesOf(byte[] labels) {
        int classes = 1;
        for (byte label : labels) {
            classes = Math.max(classes, Byte.toUnsignedInt(label) + 1);
        }
        return classes;
    }

    /** What the images are: {@code mnist}, {@code digits}, or {@code custom} for a user's own. */
    public String name() {
        return origin.name;
    }

    /** Whether the content's digest was found equal to the published one. A subset keeps its origin's answer. */
    public boolean verified() {
        return origin.verified;
    }

    /** Number of images. */
    public int size() {
        return labels.length;
    }

    public ImageShape shape() {
        return shape;
    }

    /** Elements of one image: {@code channels * height * width}. */
    public int imageSize() {
        return shape.size();
    }

    /** Number of classes; labels are smaller. */
    public int classes() {
        return classes;
    }

    /** Class of one image. */
    public int label(int index) {
        return Byte.toUnsignedInt(labels[Objects.checkIndex(index, size())]);
    }

    /** Classes of all images, {@code [N]}. */
    public int[] labels() {
        int[] all = new int[size()];
        for (int i = 0; i < all.length; ++i) {
            all[i] = Byte.toUnsignedInt(labels[i]);
        }
        return all;
    }

    /** One image {@code [channels * height * width]}: each byte divided by 255 and rounded once, to the nearest float. */
    public float[] pixels(int index) {
        Objects.checkIndex(index, size());
        float[] image = new float[imageSize()];
        pixels(index, index + 1, image);
        return image;
    }

    /**
     * Images {@code from} (inclusive) to {@code to} (exclusive), {@code [to - from, channels * height * width]}, into
     * the start of {@code out}.
     *
     * @throws IllegalArgumentException if {@code out} is too short
     */
    public void pixels(int from, int to, float[] out) {
        Objects.checkFromToIndex(from, to, size());
        long needed = (long) (to - from) * imageSize();
        if (out.length < needed) {
            throw new IllegalArgumentException("out has " + out.length + " elements, " + (to - from) + " images of "
                    + shape + " need " + needed);
        }
        int first = from * imageSize();
        for (int k = 0; k < needed; ++k) {
            out[k] = INTENSITY[pixels[first + k] & 0xFF];
        }
    }

    /** Images {@code from} (inclusive) to {@code to} (exclusive), to hold out the first or the last of them. */
    public Dataset range(int from, int to) {
        Objects.checkFromToIndex(from, to, size());
        byte[] pickedPixels = Arrays.copyOfRange(pixels, from * imageSize(), to * imageSize());
        byte[] pickedLabels = Arrays.copyOfRange(labels, from, to);
        return new Dataset(origin, shape, classes, pickedPixels, pickedLabels);
    }

    /** The named images, in the order given; an index may repeat. */
    public Dataset subset(int... indices) {
        byte[] pickedPixels = new byte[Math.multiplyExact(indices.length, imageSize())];
        byte[] pickedLabels = new byte[indices.length];
        for (int k = 0; k < indices.length; ++k) {
            int index = Objects.checkIndex(indices[k], size());
            System.arraycopy(pixels, index * imageSize(), pickedPixels, k * imageSize(), imageSize());
            pickedLabels[k] = labels[index];
        }
        return new Dataset(origin, shape, classes, pickedPixels, pickedLabels);
    }

    /**
     * SHA-256, in hexadecimal, of the content written as IDX: the image file's bytes, then the label file's, neither
     * compressed. Files that hold the same images therefore have the same digest, however they are packed. Grey images are
     * written in three dimensions, others in four.
     */
    public synchronized String digest() {
        if (digest == null) {
            MessageDigest sha256 = Sha256.start();
            sha256.update(IdxFile.imageHeader(size(), shape));
            sha256.update(pixels);
            sha256.update(IdxFile.labelHeader(size()));
            sha256.update(labels);
            digest = Sha256.finish(sha256);
        }
        return digest;
    }

    @Override
    public String toString() {
        return name() + " (" + size() + " images of " + shape + ")";
    }

    /** The float that byte {@code value} is handed out as: the nearest to {@code value / 255}. */
    static float intensity(int value) {
        return INTENSITY[value];
    }

    /** All inputs within {@code epsilon} of an image of this set: its bytes are the centre, not the floats near them. */
    public Ball ball(Epsilon epsilon) {
        return new Ball(epsilon, Ball.Centre.BYTE);
    }

    private static float[] intensities() {
        float[] table = new float[256];
        for (int value = 0; value < table.length; ++value) {
            table[value] = value / 255f;
        }
        return table;
    }
}

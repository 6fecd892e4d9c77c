package dev.bulwark.data;

import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Labelled images of one shape, kept as bytes or as floats and handed out as floats in [0, 1]. Immutable.
 *
 * <p>An image is {@code [channels, height, width]}, flattened to {@code [channels * height * width]}: one channel after the
 * other, each row by row from the top left. Labels are 0 to {@link #classes} - 1, and 255 at most.
 */
public final class Dataset {

    private static final int MOST_CLASSES = 256;

    private final Origin origin;
    private final ImageShape shape;
    private final int classes;
    private final Pixels pixels;
    private final byte[] labels;
    private String digest;

    /**
     * Where the images come from.
     *
     * @param name       as {@link Dataset#name}
     * @param verified   as {@link Dataset#verified}
     * @param classNames as {@link Dataset#classNames}
     */
    record Origin(String name, boolean verified, List<String> classNames) {

        Origin {
            Objects.requireNonNull(name, "name");
            classNames = List.copyOf(classNames);
        }

        /** Where nothing says what the classes are called. */
        Origin(String name, boolean verified) {
            this(name, verified, List.of());
        }
    }

    /** Takes the arrays over: they must not be written to afterwards. */
    Dataset(Origin origin, ImageShape shape, int classes, byte[] pixels, byte[] labels) {
        this(origin, shape, classes, new Pixels.Bytes(pixels), labels);
    }

    /** Takes the arrays over: they must not be written to afterwards. */
    Dataset(Origin origin, ImageShape shape, int classes, Pixels pixels, byte[] labels) {
        if (pixels.length() != (long) labels.length * shape.size()) {
            throw new IllegalArgumentException("pixels has " + pixels.length() + " elements, " + labels.length + " images of "
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

    /** What the classes are called, in order; empty where the files don't say. */
    public List<String> classNames() {
        return origin.classNames;
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

    /**
     * One image {@code [channels * height * width]}: of bytes, each divided by 255 and rounded once, to the nearest float.
     */
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
        pixels.read(from * imageSize(), (int) needed, out);
    }

    /** Images {@code from} (inclusive) to {@code to} (exclusive), to hold out the first or the last of them. */
    public Dataset range(int from, int to) {
        Objects.checkFromToIndex(from, to, size());
        return new Dataset(origin, shape, classes, pixels.range(from * imageSize(), to * imageSize()),
                Arrays.copyOfRange(labels, from, to));
    }

    /** The same images as some of a set of more classes. */
    Dataset ofClasses(int more) {
        return new Dataset(origin, shape, more, pixels, labels);
    }

    /** The named images, in the order given; an index may repeat. */
    public Dataset subset(int... indices) {
        byte[] pickedLabels = new byte[indices.length];
        for (int k = 0; k < indices.length; ++k) {
            pickedLabels[k] = labels[Objects.checkIndex(indices[k], size())];
        }
        return new Dataset(origin, shape, classes, pixels.pick(imageSize(), indices), pickedLabels);
    }

    /**
     * SHA-256, in hexadecimal, of the content written as IDX: the image file's bytes, then the label file's, neither
     * compressed. Files that hold the same images therefore have the same digest, however they are packed. Grey images are
     * written in three dimensions, others in four; floats have IDX's type for floats.
     */
    public synchronized String digest() {
        if (digest == null) {
            MessageDigest sha256 = Sha256.start();
            sha256.update(IdxFile.imageHeader(pixels.idxType(), size(), shape));
            pixels.addTo(sha256);
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

    /** What an element of an image stands for. */
    public Ball.Centre centre() {
        return pixels.centre();
    }

    /** All inputs within {@code epsilon} of an image of this set: its bytes are the centre, not the floats near them. */
    public Ball ball(Epsilon epsilon) {
        return new Ball(epsilon, centre());
    }
}

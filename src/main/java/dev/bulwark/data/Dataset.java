package dev.bulwark.data;

import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/**
 * Images of one shape with their labels, kept as bytes or as floats and handed out as floats in [0, 1]. Immutable. Where
 * nothing says what images show, they are {@link #labelled} no more than by what {@link #withPredictions} puts in place.
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
    private final boolean labelled;
    private String digest;

    /**
     * Where the images come from.
     *
     * @param name       as {@link Dataset#name}
     * @param verified   as {@link Dataset#verified}
     * @param classNames as {@link Dataset#classNames}
     */
    record Origin(String name, boolean verified, List<String> classNames) {

        /** Of images in a place without a name. */
        private static final String CUSTOM = "custom";
        /** Names that mean published or generated images, and one that means nothing. */
        private static final Set<String> TAKEN = Set.of("mnist", "digits", "unknown");

        Origin {
            Objects.requireNonNull(name, "name");
            classNames = List.copyOf(classNames);
        }

        /** A user's own, under the name of the file or folder that they lie in. */
        static Origin of(Path source, List<String> classNames) {
            Path last = source.toAbsolutePath().normalize().getFileName();
            String name = last == null ? CUSTOM : last.toString().replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
            return new Origin(name.isEmpty() ? CUSTOM : TAKEN.contains(name.toLowerCase(Locale.ROOT)) ? name + "-" + CUSTOM : name,
                    false, classNames);
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
        this(origin, shape, classes, pixels, labels, true);
    }

    private Dataset(Origin origin, ImageShape shape, int classes, Pixels pixels, byte[] labels, boolean labelled) {
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
        this.labelled = labelled;
    }

    /** Images that nobody has labelled: their labels are 0, of one class. */
    static Dataset unlabelled(Origin origin, ImageShape shape, Pixels pixels) {
        return new Dataset(origin, shape, 1, pixels, new byte[(int) (pixels.length() / shape.size())], false);
    }

    /**
     * The same images with a network's predictions as their labels; it stays not {@link #labelled}.
     *
     * @param predictions {@code [N]}, 0 to {@code classes - 1}
     * @throws DataException if they are of more classes than labels can name
     */
    public Dataset withPredictions(int[] predictions, int classes) {
        if (classes > MOST_CLASSES) {
            throw new DataException(name() + ": has no labels, and labels can't stand for predictions of " + classes
                    + " classes, only of up to " + MOST_CLASSES + ": name labels");
        }
        byte[] predicted = new byte[predictions.length];
        for (int i = 0; i < predicted.length; ++i) {
            predicted[i] = (byte) predictions[i];
        }
        return new Dataset(origin, shape, classes, pixels, predicted, false);
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

    /** What the images are: {@code mnist}, {@code digits}, or for a user's own what the file or the folder is called. */
    public String name() {
        return origin.name;
    }

    /** Whether labels say what the images show; else they are 0, or some network's predictions. */
    public boolean labelled() {
        return labelled;
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
                Arrays.copyOfRange(labels, from, to), labelled);
    }

    /** The same images as some of a set of more classes. */
    Dataset ofClasses(int more) {
        return new Dataset(origin, shape, more, pixels, labels, labelled);
    }

    /** The named images, in the order given; an index may repeat. */
    public Dataset subset(int... indices) {
        byte[] pickedLabels = new byte[indices.length];
        for (int k = 0; k < indices.length; ++k) {
            pickedLabels[k] = labels[Objects.checkIndex(indices[k], size())];
        }
        return new Dataset(origin, shape, classes, pixels.pick(imageSize(), indices), pickedLabels, labelled);
    }

    /**
     * SHA-256, in hexadecimal, of the content written as IDX: the image file's bytes, then the label file's, neither
     * compressed. Files that hold the same images therefore have the same digest, however they are packed. Grey images are
     * written in three dimensions, others in four; floats have IDX's type for floats. Without labels it is that of the image
     * file alone.
     */
    public synchronized String digest() {
        if (digest == null) {
            MessageDigest sha256 = Sha256.start();
            sha256.update(IdxFile.imageHeader(pixels.idxType(), size(), shape));
            pixels.addTo(sha256);
            if (labelled) {
                sha256.update(IdxFile.labelHeader(size()));
                sha256.update(labels);
            }
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

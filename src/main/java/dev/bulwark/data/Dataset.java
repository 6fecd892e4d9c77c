package dev.bulwark.data;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/**
 * Labelled grey images, kept as bytes and handed out as floats in [0, 1]. Immutable.
 *
 * <p>Images are row-major, {@code [rows, cols]} flattened to {@code [rows * cols]}, top left first.
 */
public final class Dataset {

    private static final int CLASSES = 10;
    private static final float[] INTENSITY = intensities();

    private final String name;
    private final boolean verified;
    private final int rows;
    private final int cols;
    private final byte[] pixels;
    private final byte[] labels;
    private String digest;

    /** Takes the arrays over: nobody may write to them afterwards. */
    Dataset(String name, boolean verified, int rows, int cols, byte[] pixels, byte[] labels) {
        if (rows < 1 || cols < 1) {
            throw new IllegalArgumentException("images need positive sizes: rows " + rows + ", cols " + cols);
        }
        if (pixels.length != (long) labels.length * rows * cols) {
            throw new IllegalArgumentException("pixels has " + pixels.length + " bytes, " + labels.length + " images of "
                    + rows + "x" + cols + " need " + (long) labels.length * rows * cols);
        }
        for (int i = 0; i < labels.length; ++i) {
            if (labels[i] < 0 || labels[i] >= CLASSES) {
                throw new IllegalArgumentException(
                        "labels holds " + (labels[i] & 0xFF) + " at index " + i + ", the last class is " + (CLASSES - 1));
            }
        }
        this.name = Objects.requireNonNull(name, "name");
        this.verified = verified;
        this.rows = rows;
        this.cols = cols;
        this.pixels = pixels;
        this.labels = labels;
    }

    /**
     * A data set from arrays, which are copied; {@link #verified} is false.
     *
     * @param pixels {@code [N, rows, cols]}, 0 to 255 as unsigned bytes
     * @param labels {@code [N]}, 0 to 9
     * @throws IllegalArgumentException if the lengths don't fit or a label is no class
     */
    public static Dataset of(String name, int rows, int cols, byte[] pixels, byte[] labels) {
        return new Dataset(name, false, rows, cols, pixels.clone(), labels.clone());
    }

    /** What the images are: {@code mnist}, {@code digits}, or {@code custom} for a user's own. */
    public String name() {
        return name;
    }

    /** Whether the content's digest was found equal to the published one. A subset keeps its origin's answer. */
    public boolean verified() {
        return verified;
    }

    /** Number of images. */
    public int size() {
        return labels.length;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    /** Pixels of one image: {@code rows * cols}. */
    public int imageSize() {
        return rows * cols;
    }

    /** Number of classes; labels are smaller. */
    public int classes() {
        return CLASSES;
    }

    /** Class of one image. */
    public int label(int index) {
        return labels[Objects.checkIndex(index, size())];
    }

    /** Classes of all images, {@code [N]}. */
    public int[] labels() {
        int[] all = new int[size()];
        for (int i = 0; i < all.length; ++i) {
            all[i] = labels[i];
        }
        return all;
    }

    /** One image {@code [rows * cols]}: each byte divided by 255 and rounded once, to the nearest float. */
    public float[] pixels(int index) {
        Objects.checkIndex(index, size());
        float[] image = new float[imageSize()];
        pixels(index, index + 1, image);
        return image;
    }

    /**
     * Images {@code from} (inclusive) to {@code to} (exclusive), {@code [to - from, rows * cols]}, into the start of
     * {@code out}.
     *
     * @throws IllegalArgumentException if {@code out} is too short
     */
    public void pixels(int from, int to, float[] out) {
        Objects.checkFromToIndex(from, to, size());
        long needed = (long) (to - from) * imageSize();
        if (out.length < needed) {
            throw new IllegalArgumentException("out has " + out.length + " elements, " + (to - from) + " images of "
                    + rows + "x" + cols + " need " + needed);
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
        return new Dataset(name, verified, rows, cols, pickedPixels, pickedLabels);
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
        return new Dataset(name, verified, rows, cols, pickedPixels, pickedLabels);
    }

    /**
     * SHA-256, in hexadecimal, of the content written as IDX: the image file's bytes, then the label file's, neither
     * compressed. Files that hold the same images therefore have the same digest, however they are packed.
     */
    public synchronized String digest() {
        if (digest == null) {
            MessageDigest sha256 = Sha256.start();
            sha256.update(ByteBuffer.allocate(16)
                    .putInt(IdxFile.Kind.IMAGES.magic()).putInt(size()).putInt(rows).putInt(cols).array());
            sha256.update(pixels);
            sha256.update(ByteBuffer.allocate(8).putInt(IdxFile.Kind.LABELS.magic()).putInt(size()).array());
            sha256.update(labels);
            digest = Sha256.finish(sha256);
        }
        return digest;
    }

    @Override
    public String toString() {
        return name + " (" + size() + " images of " + rows + "x" + cols + ")";
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

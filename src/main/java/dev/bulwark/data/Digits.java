package dev.bulwark.data;

import dev.bulwark.shapes.ImageShape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Generated handwriting: 28 x 28 digits for where MNIST can't be had. They are not MNIST, and no figure measured on them
 * may be called so.
 *
 * <p>Image k of a split is a function of the seed, the split and k alone, bit for bit the same on every machine, whatever
 * the number of images or of threads.
 */
public final class Digits {

    /** What {@link Dataset#name} says of generated digits. */
    public static final String NAME = "digits";
    /** Of every image. */
    public static final ImageShape SHAPE = new ImageShape(1, 28, 28);
    /** Images of the full training split, as many as MNIST's. */
    public static final int TRAIN_SIZE = 60_000;
    /** Images of the full test split, as many as MNIST's. */
    public static final int TEST_SIZE = 10_000;

    private static final int SIDE = SHAPE.width();
    private static final int DIGITS = 10;
    /** The longer side of what is written, stroke width included, about as in MNIST. */
    private static final double BOX = 20;

    private Digits() {
    }

    /** A full split: {@link #TRAIN_SIZE} or {@link #TEST_SIZE} images. */
    public static Dataset generate(long seed, Split split) {
        return generate(seed, split, split == Split.TRAIN ? TRAIN_SIZE : TEST_SIZE);
    }

    /**
     * The first {@code count} images of a split, made on all cores.
     *
     * @throws IllegalArgumentException if {@code count} is not positive
     */
    public static Dataset generate(long seed, Split split, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count is " + count + ", at least 1 expected");
        }
        byte[] pixels = new byte[Math.multiplyExact(count, SHAPE.size())];
        byte[] labels = new byte[count];
        IntStream.range(0, count).parallel().forEach(k -> {
            Draws draws = new Draws(seed, split, k);
            labels[k] = (byte) draws.below(DIGITS);
            write(labels[k], draws).copyTo(pixels, k * SHAPE.size());
        });
        return new Dataset(new Dataset.Origin(NAME, false), SHAPE, DIGITS, pixels, labels);
    }

    private static Canvas write(int digit, Draws draws) {
        List<Skeleton> ways = Skeleton.of(digit);
        Skeleton skeleton = ways.get(draws.below(ways.size()));
        double radius = draws.uniform(0.9, 2.1);
        double edge = draws.uniform(0.8, 1.5);
        double darkness = draws.uniform(0.8, 1);
        Canvas canvas = new Canvas(SIDE);
        for (double[] stroke : new Hand(draws).write(skeleton, SIDE, BOX - 2 * radius)) {
            double start = radius * draws.uniform(0.75, 1.2);
            double end = radius * draws.uniform(0.75, 1.2);
            draw(canvas, stroke, start, end, edge, darkness);
        }
        if (draws.chance(0.25)) {
            speck(canvas, draws);
        }
        canvas.blur(draws.uniform(0, 0.6));
        canvas.fade(draws, 0.12);
        return canvas;
    }

    private static void draw(Canvas canvas, double[] stroke, double start, double end, double edge, double darkness) {
        int lines = stroke.length / 2 - 1;
        for (int k = 0; k < lines; ++k) {
            canvas.line(stroke[2 * k], stroke[2 * k + 1], stroke[2 * k + 2], stroke[2 * k + 3],
                    start + (end - start) * k / lines, start + (end - start) * (k + 1) / lines, edge, darkness);
        }
    }

    /** A short, pale slip of the pen anywhere on the page. */
    private static void speck(Canvas canvas, Draws draws) {
        double x = draws.uniform(2, SIDE - 2);
        double y = draws.uniform(2, SIDE - 2);
        canvas.line(x, y, x + draws.normal(1.5), y + draws.normal(1.5), 0.6, 0.3, 1, draws.uniform(0.2, 0.7));
    }
}

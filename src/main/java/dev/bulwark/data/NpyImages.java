package dev.bulwark.data;

import dev.bulwark.settings.Message;
import dev.bulwark.settings.Setting;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.util.List;
import java.util.Optional;

/**
 * Images and labels in arrays. Images are {@code [N,height,width]}, which are grey, {@code [N,channels,height,width]},
 * {@code [N,height,width,channels]} or {@code [N,elements]}: uint8, which are divided by 255, or floats in [0, 1]. Labels
 * are integers {@code [N]} or {@code [N,1]}.
 */
final class NpyImages {

    private static final List<Integer> CHANNELS = List.of(1, 3, 4);
    private static final int MOST_LABEL = 255;

    /**
     * Which axis of an array is which of images.
     *
     * @param strides of image, channel, row and column
     */
    private record Layout(ImageShape shape, int[] strides) {
    }

    private NpyImages() {
    }

    /** Images without labels. @throws DataException naming the array that can't be used, and why */
    static Dataset dataset(NpyArray images, DataFiles source) {
        Layout layout = layout(images, source.input());
        return Dataset.unlabelled(Dataset.Origin.of(source.images(), List.of()), layout.shape, pixels(images, layout));
    }

    /** Images with their labels. @throws DataException naming the array that can't be used, and why */
    static Dataset dataset(NpyArray images, NpyArray labels, DataFiles source) {
        Layout layout = layout(images, source.input());
        byte[] classes = labels(labels);
        if (classes.length != images.size(0)) {
            throw new DataException(labels.source() + ": holds " + classes.length + " labels, but " + images.source()
                    + " holds " + images.size(0) + " images");
        }
        return new Dataset(Dataset.Origin.of(source.images(), List.of()), layout.shape, Dataset.classesOf(classes),
                pixels(images, layout), classes);
    }

    private static Layout layout(NpyArray images, Optional<Shape> input) {
        int count = images.size(0);
        if (images.rank() < 2 || images.rank() > 4 || count > IdxFile.MAX_COUNT) {
            throw new DataException(images.source() + ": is an array of " + images.words() + ", images [N, height, width], "
                    + "[N, channels, height, width], [N, height, width, channels] or [N, elements] expected, N at most "
                    + IdxFile.MAX_COUNT);
        }
        if (images.rank() == 2) {
            return vectors(images, input);
        }
        int last = images.rank() - 1;
        if (images.rank() == 3) {
            return new Layout(new ImageShape(1, images.size(1), images.size(2)),
                    new int[] {images.stride(0), 0, images.stride(1), images.stride(2)});
        }
        Layout first = new Layout(new ImageShape(images.size(1), images.size(2), images.size(3)),
                new int[] {images.stride(0), images.stride(1), images.stride(2), images.stride(3)});
        Layout behind = new Layout(new ImageShape(images.size(last), images.size(1), images.size(2)),
                new int[] {images.stride(0), images.stride(last), images.stride(1), images.stride(2)});
        boolean canBeFirst = CHANNELS.contains(images.size(1));
        boolean canBeLast = CHANNELS.contains(images.size(last));
        if (canBeFirst != canBeLast) {
            return canBeFirst ? first : behind;
        }
        if (input.isPresent()) {
            boolean firstFits = first.shape.shape().equals(input.get());
            boolean lastFits = behind.shape.shape().equals(input.get());
            if (firstFits != lastFits) {
                return firstFits ? first : behind;
            }
        }
        throw new DataException(images.source() + ": images of " + images.words() + " may have their channels first or last, and "
                + (input.isPresent() ? "the network, of inputs " + input.get() + ", does not settle which"
                : "nothing settles which") + ": write them as IDX, [N, channels, height, width]");
    }

    /** Of a network for grey images the input's shape says what the rows are; channels could be in either place. */
    private static Layout vectors(NpyArray images, Optional<Shape> input) {
        int elements = images.size(1);
        ImageShape shape = input.filter(Shape::isImage).filter(known -> known.size() == elements)
                .filter(known -> known.dimension(0) == 1 || known.dimension(2) == 1)
                .map(known -> known.dimension(0) == 1 ? known.image()
                        : new ImageShape(1, known.dimension(0), known.dimension(1)))
                .orElse(new ImageShape(1, 1, elements));
        int stride = images.stride(1);
        return new Layout(shape, new int[] {images.stride(0), 0, stride * shape.width(), stride});
    }

    private static Pixels pixels(NpyArray images, Layout layout) {
        int elements = Math.multiplyExact(images.size(0), layout.shape.size());
        if (images.isBytes()) {
            byte[] bytes = new byte[elements];
            walk(images.size(0), layout, (k, element) -> bytes[k] = images.byteAt(element));
            return new Pixels.Bytes(bytes);
        }
        if (images.isInteger()) {
            throw new DataException(images.source() + ": the images are of type " + images.type()
                    + ", uint8 or floats in [0, 1] expected");
        }
        double[] ends = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        float[] floats = new float[elements];
        walk(images.size(0), layout, (k, element) -> {
            double value = images.real(element);
            if (Double.isNaN(value)) {
                throw new DataException(images.source() + ": image " + k / layout.shape.size() + " holds a NaN");
            }
            ends[0] = Math.min(ends[0], value);
            ends[1] = Math.max(ends[1], value);
            floats[k] = (float) value;
        });
        if (ends[0] < 0 || ends[1] > 1) {
            boolean scaled = ends[0] >= 0 && ends[1] <= MOST_LABEL;
            throw new DataException(Message.of(images.source() + ": the elements lie in [" + ends[0] + ", " + ends[1]
                    + "], floats in [0, 1] expected: ", scaled ? "divide them by 255, or store uint8"
                    : Message.of("store them without normalisation, and give it by ", Setting.MEAN, " and ", Setting.STD)));
        }
        return new Pixels.Floats(floats);
    }

    /** What to do with an element of the images, {@code [N,C,H,W]}, that lies at {@code element} in the array. */
    private interface Visit {
        void at(int k, int element);
    }

    private static void walk(int count, Layout layout, Visit visit) {
        int[] strides = layout.strides;
        int k = 0;
        for (int n = 0; n < count; ++n) {
            for (int c = 0; c < layout.shape.channels(); ++c) {
                for (int y = 0; y < layout.shape.height(); ++y) {
                    int row = n * strides[0] + c * strides[1] + y * strides[2];
                    for (int x = 0; x < layout.shape.width(); ++x) {
                        visit.at(k++, row + x * strides[3]);
                    }
                }
            }
        }
    }

    private static byte[] labels(NpyArray labels) {
        if (labels.rank() == 2 && labels.size(1) > 1) {
            throw new DataException(labels.source() + ": is an array of " + labels.words() + ", which looks like one-hot labels: "
                    + "store the number of each image's class, [N]");
        }
        if (labels.rank() > 2 || !labels.isInteger()) {
            throw new DataException(labels.source() + ": is an array of " + labels.words() + " of " + labels.type()
                    + ", labels [N] of an integer type expected");
        }
        byte[] classes = new byte[labels.size(0)];
        for (int k = 0; k < classes.length; ++k) {
            long label = labels.integer(k);
            if (label < 0 || label > MOST_LABEL) {
                throw new DataException(labels.source() + ": the label of image " + k + " is " + label + ", 0 to " + MOST_LABEL
                        + " expected");
            }
            classes[k] = (byte) label;
        }
        return classes;
    }
}

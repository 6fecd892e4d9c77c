package dev.bulwark.device;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.Optional;

/**
 * Where linear forms of the units of one image have coefficients, of another image further back: each in a patch around its
 * unit's receptive field, {@code [channels, rows, columns]}, all of one size (Xu et al. 2020, "Automatic perturbation
 * analysis for scalable certified robustness and beyond"). Elements of a patch that lie outside the image are padding.
 *
 * <p>Of U units, form {@code f < U} is of unit f, form {@code U + f} of its negative. The unit's channel says nothing of where
 * its patch lies.
 *
 * @param units   the image that forms are of
 * @param image   the image that coefficients are of
 * @param rows    along columns of the images
 * @param columns along rows of the images
 */
public record Patches(ImageShape units, ImageShape image, Edge rows, Edge columns) {

    /** Places further from an image than this are taken by no patch: sums of a few of them are ints. */
    private static final long FAR = 1 << 28;

    /**
     * One edge: the patch of the unit at place p begins at place {@code step p + offset} of the image.
     *
     * @param size   elements that it covers
     * @param offset may be negative: padding in front of the image
     */
    public record Edge(int size, int step, int offset) {

        /** Behind windows; empty where numbers get out of hand. */
        private Optional<Edge> behind(Windows.Axis windows, int units) {
            long longer = (size - 1L) * windows.stride() + (windows.kernel() - 1L) * windows.dilation() + 1;
            long wider = (long) step * windows.stride();
            long first = (long) offset * windows.stride() - windows.before();
            boolean near = longer < FAR && wider < FAR && first > -FAR && first < FAR && (units - 1L) * wider < FAR;
            return near ? Optional.of(new Edge((int) longer, (int) wider, (int) first)) : Optional.empty();
        }
    }

    /** Of forms in the units themselves: one place of all channels. */
    public static Patches ofUnits(ImageShape units) {
        Edge self = new Edge(1, 1, 0);
        return new Patches(units, units, self, self);
    }

    /**
     * What windows over {@code input}, which make this image, see of it in these patches; empty where patches would be far
     * larger than any image.
     */
    public Optional<Patches> behind(ImageShape input, Windows windows) {
        Optional<Edge> down = rows.behind(windows.height(), units.height());
        Optional<Edge> across = columns.behind(windows.width(), units.width());
        return down.isPresent() && across.isPresent()
                && (long) down.get().size * across.get().size * input.channels() < FAR
                ? Optional.of(new Patches(units, input, down.get(), across.get())) : Optional.empty();
    }

    /** A patch as an image. */
    public ImageShape patch() {
        return new ImageShape(image.channels(), rows.size, columns.size);
    }

    /** Elements of a patch. */
    public int size() {
        return image.channels() * rows.size * columns.size;
    }

    /** Of each place of the image, how many there are in a patch. */
    public double share() {
        return (double) rows.size * columns.size / image.area();
    }
}

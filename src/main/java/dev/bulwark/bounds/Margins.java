package dev.bulwark.bounds;

import dev.bulwark.device.HostArrays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** What is known of a batch so far, where only better bounds count; NaN is no bound, nor is an infinite one. */
final class Margins {

    private final List<Bounds> known;
    private final int classes;
    /** {@code [N,C]} each, as in {@link Bounds}. */
    private final float[] lower;
    private final float[] upper;
    private final float[] margins;

    private Margins(List<Bounds> known, int classes) {
        this.known = known;
        this.classes = classes;
        this.lower = new float[HostArrays.length("logits of images by classes", known.size(), classes)];
        this.upper = new float[lower.length];
        this.margins = new float[lower.length];
    }

    /** Beginning with what these bounds say. */
    static Margins of(List<Bounds> known, int classes) {
        Margins margins = new Margins(known, classes);
        for (int n = 0; n < known.size(); ++n) {
            System.arraycopy(known.get(n).lower(), 0, margins.lower, n * classes, classes);
            System.arraycopy(known.get(n).upper(), 0, margins.upper, n * classes, classes);
            System.arraycopy(known.get(n).marginLower(), 0, margins.margins, n * classes, classes);
        }
        return margins;
    }

    /** Beginning with nothing but the images' labels and clean predictions. */
    static Margins unknown(List<Bounds> images, int classes) {
        Margins margins = new Margins(images, classes);
        for (int k = 0; k < margins.lower.length; ++k) {
            margins.lower[k] = Float.NEGATIVE_INFINITY;
            margins.upper[k] = Float.POSITIVE_INFINITY;
            margins.margins[k] = k % classes == margins.label(k) ? 0 : Float.NEGATIVE_INFINITY;
        }
        return margins;
    }

    /** @param minima {@code [N,2 C]}: lower bounds of the logits, then of their negatives */
    void takeLogits(float[] minima) {
        for (int k = 0; k < lower.length; ++k) {
            int at = k + k / classes * classes; // below what the minima's array holds
            lower[k] = CrownPass.tighter(lower[k], minima[at]);
            upper[k] = -CrownPass.tighter(-upper[k], minima[at + classes]);
        }
    }

    /** A row for every margin, of the images chosen, that is not known to lie above {@code enough}. */
    FormRows open(IntPredicate images, float enough) {
        int[] elements = IntStream.range(0, margins.length)
                .filter(k -> images.test(k / classes) && k % classes != label(k) && !(margins[k] > enough)).toArray();
        return new FormRows(IntStream.of(elements).map(k -> k / classes).toArray(),
                IntStream.of(elements).map(k -> k % classes).toArray());
    }

    private int label(int element) {
        return known.get(element / classes).label();
    }

    /** @param bounds of the margins that {@code rows} asked for */
    void take(FormRows rows, float[] bounds) {
        for (int r = 0; r < rows.count(); ++r) {
            int k = rows.owners()[r] * classes + rows.forms()[r];
            margins[k] = CrownPass.tighter(margins[k], bounds[r]);
        }
    }

    List<Bounds> bounds() {
        List<Bounds> bounds = new ArrayList<>();
        for (int n = 0; n < known.size(); ++n) {
            bounds.add(new Bounds(known.get(n).label(), known.get(n).cleanPrediction(),
                    Box.unknownIsUnbounded(row(lower, n), row(upper, n)), row(margins, n)));
        }
        return bounds;
    }

    private float[] row(float[] values, int n) {
        return Arrays.copyOfRange(values, n * classes, (n + 1) * classes);
    }
}

package dev.bulwark.report;

import dev.bulwark.results.RunFolder;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SmoothingRow;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Certified accuracy against radius for one sigma: a step curve that falls behind every observed radius.
 *
 * @param points at radius 0 and at every observed radius, in ascending order: the last of each step
 */
public record CertifiedCurve(double sigma, List<Point> points) {

    public CertifiedCurve {
        points = List.copyOf(points);
    }

    /**
     * @param radius   L2 radius in input units
     * @param accuracy share of the images certified at this radius: correct, with a radius at least this large
     */
    public record Point(double radius, Share accuracy) {
    }

    /** A curve for each sigma of a run. */
    static List<CertifiedCurve> of(RunFolder run) {
        return run.smoothing().entrySet().stream().map(rows -> of(rows.getKey(), rows.getValue().certified())).toList();
    }

    public static CertifiedCurve of(double sigma, Collection<SmoothingRow> rows) {
        TreeMap<Double, Long> certified = new TreeMap<>();
        certified.put(0.0, 0L);
        rows.stream().filter(SmoothingRow::correct).forEach(row -> certified.merge(row.radius(), 1L, Long::sum));
        List<Point> points = new ArrayList<>();
        long remaining = certified.values().stream().mapToLong(Long::longValue).sum();
        for (Map.Entry<Double, Long> step : certified.entrySet()) {
            points.add(new Point(step.getKey(), Share.certified(remaining, rows.size())));
            remaining -= step.getValue();
        }
        return new CertifiedCurve(sigma, points);
    }

    /** The share certified at any radius, observed or not. */
    public Share at(double radius) {
        int low = 0;
        int high = points.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (points.get(middle).radius >= radius) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low < points.size() ? points.get(low).accuracy : Share.certified(0, points.get(0).accuracy.images());
    }

    /** The largest radius at which anything is certified. */
    public double furthest() {
        return points.get(points.size() - 1).radius;
    }

    /** A warning where the figures are not about MNIST, a header, and a line for each point of each curve. */
    static String csv(List<CertifiedCurve> curves, RunScope scope) {
        return Stream.of(
                scope.warned().map(warning -> "# " + warning).stream(),
                Stream.of("sigma,radius,certified_accuracy,images"),
                curves.stream().flatMap(curve -> curve.points.stream().map(point -> String.join(",",
                        RunLayout.decimals(curve.sigma), SmoothingRow.printed(point.radius),
                        point.accuracy.percent(TableFormat.DECIMALS).toPlainString(),
                        Long.toString(point.accuracy.images())))))
                .flatMap(line -> line).collect(Collectors.joining("\n", "", "\n"));
    }
}

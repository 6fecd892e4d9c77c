package dev.bulwark.report;

import dev.bulwark.data.Norm;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.RunLayout;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Certified accuracy against epsilon in balls of one norm, from each image's largest certified epsilon: at an epsilon those images
 * count that are certified at it or beyond, since a smaller ball lies in the larger.
 *
 * @param searches of one norm, a method each
 */
record LargestEpsilons(Norm norm, List<RunFolder.Largest> searches) {

    static final String NAME = "largest";

    private static final int MOST_LINES = 10;

    /** For each norm that has searches, in the norms' order. */
    static List<LargestEpsilons> of(RunFolder run) {
        return Arrays.stream(Norm.values()).map(norm -> new LargestEpsilons(norm,
                        run.balls().largest().stream().filter(search -> search.norm() == norm).toList()))
                .filter(one -> !one.searches.isEmpty()).toList();
    }

    /** Where a method's curve falls: behind each epsilon that is some image's largest. */
    record Curve(String name, List<CertifiedCurve.Point> points) {
    }

    List<Curve> curves() {
        return searches.stream().map(search -> new Curve(Table2.title(search.method()), points(search.rows()))).toList();
    }

    private static List<CertifiedCurve.Point> points(List<BoundsRow> rows) {
        List<CertifiedCurve.Point> points = new ArrayList<>();
        Stream.concat(Stream.of(0.0), rows.stream().flatMap(row -> row.largestEpsilon().stream())).distinct().sorted()
                .forEach(epsilon -> points.add(new CertifiedCurve.Point(epsilon, certified(rows, epsilon))));
        return points;
    }

    private static Share certified(List<BoundsRow> rows, double epsilon) {
        return Share.certified(rows.stream().filter(row -> row.largestEpsilon().filter(largest -> largest >= epsilon).isPresent())
                .count(), rows.size());
    }

    /** The largest epsilon of any image; 0 if none is certified. */
    double furthest() {
        return searches.stream().flatMap(search -> search.rows().stream()).flatMap(row -> row.largestEpsilon().stream())
                .mapToDouble(Double::doubleValue).max().orElse(0);
    }

    /** {@code largest}, and {@code largest-l2} in another norm. */
    String name() {
        return NAME + (norm == Norm.INF ? "" : "-" + norm.words());
    }

    /** At round epsilons up to the largest, a column for each method. */
    ResultTable table(RunScope scope) {
        SortedMap<Double, Double> lines = new TreeMap<>();
        round().forEach(epsilon -> lines.put(epsilon, epsilon));
        List<Column<Double>> columns = searches.stream().map(search -> new Column<Double>(
                Table2.certifiedKey(search.method()), Table2.title(search.method()) + " certified",
                epsilon -> Optional.of(certified(search.rows(), epsilon)))).toList();
        return new TableDefinition<>(name(), "Certified " + scope.quantity() + " from each image's largest epsilon (" + Table2.symbol(norm) + ")",
                TableDefinition.Parameter.EPSILON, columns, List.of("Certified: the image's largest certified epsilon, which was itself tried, is at least this "
                + "one, and a smaller ball lies in the larger; rounded down.")).measure(lines, scope, Beside.NOTHING);
    }

    /** Multiples of 1, 2 or 5 times a power of ten, at most ten of them. */
    private List<Double> round() {
        double furthest = furthest();
        if (furthest == 0) {
            return List.of(0.0);
        }
        int exponent = (int) Math.floor(Math.log10(furthest)) - 1;
        for (int k = 0; ; ++k) {
            BigDecimal step = BigDecimal.valueOf(k % 3 == 0 ? 1 : k % 3 == 1 ? 2 : 5)
                    .scaleByPowerOfTen(exponent + k / 3);
            if (furthest / step.doubleValue() <= MOST_LINES) {
                List<Double> epsilons = new ArrayList<>();
                for (int n = 1; n * step.doubleValue() <= furthest || n == 1; ++n) {
                    epsilons.add(step.multiply(BigDecimal.valueOf(n)).doubleValue());
                }
                return epsilons;
            }
        }
    }

    /** A warning where the figures are not about MNIST, a header, and a line for each point of each curve. */
    String csv(RunScope scope) {
        return Stream.of(
                scope.warned().map(warning -> "# " + warning).stream(),
                Stream.of("method,norm,epsilon,certified_accuracy,images"),
                curves().stream().flatMap(curve -> curve.points.stream().map(point -> String.join(",", curve.name, norm.toString(),
                        RunLayout.decimals(point.radius()), point.accuracy().percent(TableFormat.DECIMALS).toPlainString(),
                        Long.toString(point.accuracy().images())))))
                .flatMap(line -> line).collect(Collectors.joining("\n", "", "\n"));
    }
}

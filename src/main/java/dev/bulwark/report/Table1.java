package dev.bulwark.report;

import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SigmaRows;
import dev.bulwark.results.SmoothingRow;
import dev.bulwark.stats.Sampling;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Table 1, randomized smoothing: clean accuracy, certified accuracy at three radii and abstentions for each sigma. */
public final class Table1 {

    public static final String CLEAN = "clean_accuracy";
    public static final String ABSTAIN = "abstain_rate";
    /** For programs: estimation samples an image, on average. */
    public static final String MEAN_SAMPLES = "mean_samples";
    /** For programs: the average certified radius (ACR), radius times correctness on average over the images. */
    public static final String AVERAGE_RADIUS = "average_certified_radius";
    /** L2 radii in input units. */
    public static final List<Double> RADII = List.of(0.25, 0.50, 1.00);

    private static final List<Column<SigmaRows>> COLUMNS = Stream.of(
            Stream.of(new Column<SigmaRows>(CLEAN, "Clean",
                    rows -> Share.measured(rows.certificates(), row -> row.mostVoted() == row.label()))),
            RADII.stream().map(radius -> new Column<SigmaRows>(certifiedAt(radius), "Certified @ r="
                    + RunLayout.decimals(radius),
                    rows -> Share.certified(rows.certified(), row -> row.certifiedAt(radius)))),
            Stream.of(new Column<SigmaRows>(ABSTAIN, "Abstain",
                    rows -> Share.measured(rows.certified(), row -> row.predict().isEmpty()))))
            .flatMap(column -> column).toList();

    public static final String NAME = "table1";
    public static final TableDefinition<SigmaRows> DEFINITION = new TableDefinition<>(NAME, "Randomized smoothing (L2)",
            TableDefinition.Parameter.SIGMA, COLUMNS, List.of(
                    "Clean: the class with the most estimation votes is the label; no abstention.",
                    "Certified @ r: the label is certified with a radius of at least r; rounded down."));

    private Table1() {
    }

    public static ResultTable of(SortedMap<Double, SigmaRows> bySigma, RunScope scope, Beside beside) {
        return of(bySigma, List.of(), scope, beside);
    }

    /** @param further stand behind their sigma's own line; figures of others stand beside the latter */
    public static ResultTable of(SortedMap<Double, SigmaRows> bySigma, List<RunFolder.Further> further, RunScope scope,
            Beside beside) {
        List<ResultTable.Line> lines = new ArrayList<>();
        bySigma.forEach((sigma, rows) -> {
            lines.add(limited(DEFINITION.line(sigma, rows, beside), rows, rows.samples(), false));
            further.stream().filter(more -> more.sigma() == sigma)
                    .sorted(Comparator.comparingLong(RunFolder.Further::samples))
                    .forEach(more -> lines.add(limited(DEFINITION.line(sigma, more.rows(), beside.withoutFigures()),
                            more.rows(), OptionalLong.of(more.samples()), true)));
        });
        return new ResultTable(DEFINITION, scope, lines, beside);
    }

    /**
     * Whether so few samples certify nothing at this table's largest radius, whatever the network.
     *
     * @param n     estimation samples, at most
     * @param alpha probability that a certificate is false
     */
    public static boolean outOfReach(Sampling sampling, double sigma, long n, double alpha) {
        return Reach.reason(sampling, sigma, RADII.get(RADII.size() - 1), n, alpha).isPresent();
    }

    /** The line with what is known of its samples: how many there are, and which radii they can't reach. */
    private static ResultTable.Line limited(ResultTable.Line line, SigmaRows rows, OptionalLong samples, boolean further) {
        List<ResultTable.Cell> cells = new ArrayList<>(line.cells());
        OptionalDouble alpha = rows.certificates().stream().mapToDouble(CertificateRow::alpha).findFirst();
        for (int c = 0; samples.isPresent() && alpha.isPresent() && c < cells.size(); ++c) {
            String key = COLUMNS.get(c).key();
            ResultTable.Cell cell = cells.get(c);
            if (cell.measured().filter(share -> share.hits() == 0).isPresent()) {
                cells.set(c, cell.withLimit(RADII.stream().filter(radius -> key.equals(certifiedAt(radius))).findFirst()
                        .flatMap(radius -> Reach.reason(rows.sampling(), line.at(), radius, samples.getAsLong(),
                                alpha.getAsDouble()))));
            }
        }
        return new ResultTable.Line(line.at(), samples, further, cells, sampled(line.at(), rows));
    }

    /** For programs, the mean number of samples; for readers too, where it was not fixed. */
    private static ResultTable.Detail sampled(double sigma, SigmaRows rows) {
        OptionalDouble mean = rows.meanSamples();
        List<String> remarks = new ArrayList<>();
        if (rows.sampling() == Sampling.SEQUENTIAL && mean.isPresent()) {
            remarks.add(String.format(Locale.ROOT, "sigma %s: sequential sampling, %,.0f of at most %,d samples an image on "
                    + "average.", RunLayout.decimals(sigma), mean.getAsDouble(), rows.samples().orElseThrow()));
        }
        if (rows.isDiscrete()) {
            remarks.add("sigma " + RunLayout.decimals(sigma) + ": discrete noise, normal noise rounded to whole bytes exactly.");
        }
        Map<String, Optional<Double>> figures = new LinkedHashMap<>();
        figures.put(MEAN_SAMPLES, mean.isPresent() ? Optional.of(Math.rint(mean.getAsDouble() * 10) / 10) : Optional.empty());
        figures.put(AVERAGE_RADIUS, Optional.of(averageRadius(rows.certified())));
        return new ResultTable.Detail(Map.of(), figures, remarks, Optional.empty());
    }

    /** Rounded down: radius times correctness, which is a lower bound where sampling stopped before n. */
    private static double averageRadius(List<SmoothingRow> rows) {
        BigDecimal sum = rows.stream().filter(SmoothingRow::correct).map(row -> SmoothingRow.roundDown(row.radius()))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
        return sum.divide(BigDecimal.valueOf(rows.size()), 4, RoundingMode.DOWN).doubleValue();
    }

    /** Key of the column for a radius. */
    public static String certifiedAt(double radius) {
        return "certified/" + RunLayout.decimals(radius);
    }
}

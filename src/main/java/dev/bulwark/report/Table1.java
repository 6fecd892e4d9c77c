package dev.bulwark.report;

import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Table 1, randomized smoothing: clean accuracy, certified accuracy at three radii and abstentions for each sigma. */
public final class Table1 {

    static final String CLEAN = "clean_accuracy";
    static final String ABSTAIN = "abstain_rate";
    /** L2 radii in input units. */
    static final List<Double> RADII = List.of(0.25, 0.50, 1.00);

    private static final List<Column<Rows>> COLUMNS = Stream.of(
            Stream.of(new Column<Rows>(CLEAN, "Clean",
                    rows -> Share.measured(rows.certificates, row -> row.mostVoted() == row.label()))),
            RADII.stream().map(radius -> new Column<Rows>(certifiedAt(radius), "Certified @ r=" + ResultTable.parameter(radius),
                    rows -> Share.certified(rows.certified, row -> row.certifiedAt(radius)))),
            Stream.of(new Column<Rows>(ABSTAIN, "Abstain",
                    rows -> Share.measured(rows.certified, row -> row.predict().isEmpty()))))
            .flatMap(column -> column).toList();

    static final TableDefinition<Rows> DEFINITION = new TableDefinition<>("table1", "Randomized smoothing (L2)", "sigma",
            COLUMNS, List.of(
                    "Clean: the class with the most estimation votes is the label; no abstention.",
                    "Certified @ r: the label is certified with a radius of at least r; rounded down."));

    private Table1() {
    }

    /**
     * The rows of one sigma.
     *
     * @param certified    what was certified, an image each
     * @param certificates the votes behind it; may be missing
     */
    public record Rows(List<SmoothingRow> certified, List<CertificateRow> certificates) {
        public Rows {
            certified = List.copyOf(certified);
            certificates = List.copyOf(certificates);
        }
    }

    public static ResultTable of(SortedMap<Double, Rows> bySigma, RunScope scope, Literature literature) {
        return DEFINITION.measure(bySigma, scope, literature.table1(),
                (sigma, column) -> Plausibility.objection(literature.table1(), sigma, column));
    }

    /** Key of the column for a radius. */
    static String certifiedAt(double radius) {
        return "certified/" + ResultTable.parameter(radius);
    }
}

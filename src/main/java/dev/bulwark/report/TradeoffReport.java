package dev.bulwark.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SoundnessException;
import dev.bulwark.results.TradeoffFolder;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What certified accuracy costs in clean accuracy: networks trained for one epsilon that differ in the weight of the natural
 * loss at the end, kappa, a row and a point each. Rebuilt from {@code ibp/kappa-0.25.jsonl} and the like alone.
 *
 * @param table   a line for each kappa
 * @param missing what could not be read or drawn, a sentence each
 * @param written the files, in the order of writing
 */
public record TradeoffReport(ResultTable table, List<String> missing, List<Path> written) {

    private static final String NAME = "tradeoff";
    private static final String PARAMETER = "kappa";
    /** The lab report's recipe ends without natural loss. */
    private static final BigDecimal REPORTED_KAPPA = BigDecimal.ZERO;

    public TradeoffReport {
        missing = List.copyOf(missing);
        written = List.copyOf(written);
    }

    /**
     * The pair of accuracies that the lab report claims for one network at an epsilon, in percent.
     *
     * @param clean     unperturbed
     * @param certified by interval bounds
     */
    record Claim(BigDecimal clean, BigDecimal certified) {

        static Optional<Claim> at(double epsilon, Literature literature) {
            Literature.Source reported = literature.table2().reported();
            return reported.figure(epsilon, Table2.CLEAN).flatMap(clean ->
                    reported.figure(epsilon, Table2.CERTIFIED).map(certified -> new Claim(clean, certified)));
        }

        /** Whether a network has both at least. */
        private boolean reachedBy(ResultTable table, ResultTable.Line line) {
            return Stream.of(Map.entry(Table2.CLEAN, clean), Map.entry(Table2.CERTIFIED, certified)).allMatch(part ->
                    table.cell(line, part.getKey()).measured()
                            .filter(share -> share.percent(TableFormat.DECIMALS).compareTo(part.getValue()) >= 0).isPresent());
        }

        private List<String> reachedBy(ResultTable table) {
            return table.lines().stream().filter(line -> reachedBy(table, line)).map(ResultTable.Line::name).toList();
        }
    }

    /**
     * Reads the rows in a folder and writes tables and figure beside them.
     *
     * @throws RowException       if a file of rows can't be used, there is none, or they are of several epsilons
     * @throws SoundnessException if an image is certified and misclassified
     */
    public static TradeoffReport rebuild(Path folder) throws IOException {
        TradeoffFolder found = TradeoffFolder.read(folder);
        double epsilon = found.epsilon();
        List<String> missing = new ArrayList<>(found.missing());
        Optional<Claim> claim = Claim.at(epsilon, Literature.load());
        ResultTable table = table(found, claim, RunScope.of(found.run(), true));
        Outputs outputs = new Outputs(folder);
        for (TableFormat format : List.of(TableFormat.CSV, TableFormat.MARKDOWN, TableFormat.LATEX)) {
            outputs.write(NAME + "." + format.ending(), format.write(table));
        }
        outputs.write(NAME + "." + TableFormat.JSON.ending(), json(table, epsilon, claim));
        // The claim is about MNIST: beside other images' figures it would be a point of another picture.
        Optional<Claim> comparable = claim.filter(any -> table.scope().warning().isEmpty());
        RunReport.draw(NAME, CsvTable.write(table), () -> Charts.tradeoff(table, epsilon, comparable), outputs, missing);
        return new TradeoffReport(table, missing, outputs.written());
    }

    private static ResultTable table(TradeoffFolder found, Optional<Claim> claim,
                                     RunScope scope) {
        double epsilon = found.epsilon();
        SortedMap<Double, EpsilonRows> byKappa = new TreeMap<>();
        found.byKappa().forEach((kappa, bounds) -> byKappa.put(kappa, new EpsilonRows(bounds, List.of())));
        TableDefinition<EpsilonRows> definition = new TableDefinition<>(NAME,
                "Clean against certified accuracy at epsilon " + RunLayout.decimals(epsilon), PARAMETER,
                Table2.DEFINITION.columns().stream().filter(column -> List.of(Table2.CLEAN, Table2.CERTIFIED,
                        Table2.CERTIFIED_BY_BOX).contains(column.key())).toList(),
                Stream.concat(Stream.of("kappa: weight of the natural loss from the end of the ramp on, in training; the worst "
                        + "case's is 1 - kappa."), Table2.DEFINITION.explanations().stream().limit(2)).toList(), false);
        Literature.Beside beside = beside(Literature.load().table2(), epsilon, claim);
        ResultTable table = definition.measure(byKappa, scope, beside, (kappa, column) -> Optional.empty());
        List<String> sentences = new ArrayList<>(scope.sentences());
        claim.ifPresent(both -> sentences.add(verdict(both, epsilon, both.reachedBy(table))));
        return new ResultTable(definition, new RunScope(scope.dataset(), sentences), table.lines(), beside);
    }

    private static String verdict(Claim claim, double epsilon, List<String> reached) {
        return "The lab report claims " + claim.clean + "% clean with " + claim.certified + "% certified at epsilon "
                + RunLayout.decimals(epsilon) + ": " + (reached.isEmpty() ? "none of these networks reaches both."
                : "reached with kappa " + Phrase.and(reached) + ".");
    }

    /** The other figures of table 2, as figures beside this table. */
    private static Literature.Beside beside(Literature.Beside table2, double epsilon, Optional<Claim> claim) {
        List<Literature.Row> rows = claim.map(both -> new Literature.Row(REPORTED_KAPPA,
                Map.of(Table2.CLEAN, both.clean, Table2.CERTIFIED, both.certified))).stream().toList();
        String published = table2.published().figure(epsilon, Table2.CERTIFIED)
                .map(figure -> "; " + figure + "% certified at this epsilon").orElse("");
        return new Literature.Beside(
                new Literature.Source(table2.reported().citation(), table2.reported().setting(), rows),
                new Literature.Source(table2.published().citation(), table2.published().setting() + published, List.of()),
                List.of());
    }

    private static String json(ResultTable table, double epsilon, Optional<Claim> claim) {
        ObjectNode root = JsonTable.tree(table);
        root.put("epsilon", epsilon);
        claim.ifPresent(both -> root.putObject("claimed").put(Table2.CLEAN, both.clean).put(Table2.CERTIFIED, both.certified)
                .put("reached", !both.reachedBy(table).isEmpty()));
        return JsonTable.text(root);
    }
}

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
import java.util.Locale;
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

    static final String NAME = "tradeoff";
    /** Claims are of networks that end their training without natural loss. */
    private static final BigDecimal CLAIMED_KAPPA = BigDecimal.ZERO;

    public TradeoffReport {
        missing = List.copyOf(missing);
        written = List.copyOf(written);
    }

    /**
     * A pair of accuracies that a source claims for one network at an epsilon, in percent.
     *
     * @param by        who, with the article
     * @param clean     unperturbed
     * @param certified by interval bounds
     */
    record Claim(String by, BigDecimal clean, BigDecimal certified) {

        static Optional<Claim> at(double epsilon, Beside table2) {
            return table2.tried().flatMap(source -> source.figure(epsilon, Table2.CLEAN).flatMap(clean ->
                    source.figure(epsilon, Table2.CERTIFIED)
                            .map(certified -> new Claim(source.name().inSentence(), clean, certified))));
        }

        /** Whether a network has both at least. */
        private boolean reachedBy(ResultTable table, ResultTable.Line line) {
            return Stream.of(Map.entry(Table2.CLEAN, clean), Map.entry(Table2.CERTIFIED, certified)).allMatch(part ->
                    table.cell(line, part.getKey()).measured()
                            .filter(share -> share.percent(TableFormat.DECIMALS).compareTo(part.getValue()) >= 0)
                            .isPresent());
        }

        private List<String> reachedBy(ResultTable table) {
            return table.lines().stream().filter(line -> reachedBy(table, line)).map(ResultTable.Line::name).toList();
        }
    }

    /**
     * Reads the rows in a folder and writes tables and figure beside them.
     *
     * @param experiment whose figures in table 2 are claims that these networks are held against
     * @throws RowException       if a file of rows can't be used, there is none, or they are of several epsilons
     * @throws SoundnessException if an image is certified and misclassified
     */
    public static TradeoffReport rebuild(Path folder, Experiment experiment) throws IOException {
        TradeoffFolder found = TradeoffFolder.read(folder);
        double epsilon = found.epsilon();
        List<String> missing = new ArrayList<>(found.missing());
        Optional<Claim> claim = Claim.at(epsilon, experiment.beside(Table2.NAME));
        ResultTable table = table(found, claim, RunScope.of(found.run(), experiment), experiment.beside(Table2.NAME));
        Outputs outputs = new Outputs(folder);
        for (TableFormat format : List.of(TableFormat.CSV, TableFormat.MARKDOWN, TableFormat.LATEX)) {
            outputs.write(NAME + "." + format.ending(), format.write(table));
        }
        outputs.write(NAME + "." + TableFormat.JSON.ending(), json(table, epsilon, claim));
        // Beside figures of other images than the claim is about it would be a point of another picture.
        Optional<Claim> comparable = claim.filter(any -> table.scope().warning().isEmpty());
        RunReport.draw(NAME, CsvTable.write(table), () -> Charts.tradeoff(table, epsilon, comparable), outputs, missing);
        return new TradeoffReport(table, missing, outputs.written());
    }

    private static ResultTable table(TradeoffFolder found, Optional<Claim> claim, RunScope scope, Beside table2) {
        double epsilon = found.epsilon();
        SortedMap<Double, EpsilonRows> byKappa = new TreeMap<>();
        found.byKappa().forEach((kappa, bounds) -> byKappa.put(kappa, new EpsilonRows(bounds, List.of())));
        TableDefinition<EpsilonRows> definition = new TableDefinition<>(NAME,
                "Clean against certified accuracy at epsilon " + RunLayout.decimals(epsilon),
                TableDefinition.Parameter.KAPPA,
                Table2.DEFINITION.columns().stream().filter(column -> List.of(Table2.CLEAN, Table2.CERTIFIED,
                        Table2.CERTIFIED_BY_BOX).contains(column.key())).toList(),
                Stream.concat(Stream.of("kappa: weight of the natural loss from the end of the ramp on, in training; the "
                        + "worst case's is 1 - kappa."), Table2.DEFINITION.explanations().stream().limit(2)).toList());
        Beside beside = beside(table2, epsilon, claim);
        ResultTable table = definition.measure(byKappa, scope, beside);
        List<String> sentences = new ArrayList<>(scope.sentences());
        claim.ifPresent(both -> sentences.add(verdict(both, epsilon, both.reachedBy(table))));
        return new ResultTable(definition, new RunScope(scope.dataset(), sentences, scope.warning()), table.lines(), beside);
    }

    private static String verdict(Claim claim, double epsilon, List<String> reached) {
        return Phrase.capital(claim.by) + " claims " + claim.clean
                + "% clean with " + claim.certified + "% certified at epsilon "
                + RunLayout.decimals(epsilon) + ": " + (reached.isEmpty() ? "none of these networks reaches both."
                : "reached with kappa " + Phrase.and(reached) + ".");
    }

    /** The figures beside table 2, as figures beside this table. */
    private static Beside beside(Beside table2, double epsilon, Optional<Claim> claim) {
        List<Beside.Row> claimed = claim.map(both -> new Beside.Row(CLAIMED_KAPPA,
                Map.of(Table2.CLEAN, both.clean, Table2.CERTIFIED, both.certified), Map.of())).stream().toList();
        return new Beside(table2.sources().stream().map(source -> source.name().tried()
                ? new Beside.Source(source.name(), source.citation(), source.setting(), claimed)
                : new Beside.Source(source.name(), source.citation(), source.setting()
                        + source.figure(epsilon, Table2.CERTIFIED)
                        .map(figure -> "; " + figure + "% certified at this epsilon")
                                .orElse(""), List.of())).toList(), List.of());
    }

    private static String json(ResultTable table, double epsilon, Optional<Claim> claim) {
        ObjectNode root = JsonTable.tree(table);
        root.put("epsilon", epsilon);
        claim.ifPresent(both -> root.putObject("claimed").put(Table2.CLEAN, both.clean).put(Table2.CERTIFIED, both.certified)
                .put("reached", !both.reachedBy(table).isEmpty()));
        return JsonTable.text(root);
    }
}

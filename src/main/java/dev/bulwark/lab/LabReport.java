package dev.bulwark.lab;

import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.Beside;
import dev.bulwark.report.Column;
import dev.bulwark.report.Experiment;
import dev.bulwark.report.Markup;
import dev.bulwark.report.Measured;
import dev.bulwark.report.ResultTable;
import dev.bulwark.report.RunScope;
import dev.bulwark.report.Table1;
import dev.bulwark.report.Table2;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.RunLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the lab report adds to reports of its runs: its figures, its sections written anew, and what it gets wrong. */
public final class LabReport implements Experiment {

    public static final LabReport INSTANCE = new LabReport();

    private static final Literature LITERATURE = Literature.load();

    private LabReport() {
    }

    /** What belongs to a run: rows that were collected from single commands are about a network of the user's own. */
    public static Experiment of(RunFolder run) {
        return run.collected() ? NONE : INSTANCE;
    }

    /** All figures beside the measured ones are about MNIST. */
    @Override
    public Optional<RunScope.Warning> warning(String dataset) {
        if (dataset.equals(RunScope.UNKNOWN)) {
            return Optional.of(new RunScope.Warning("data set unknown", "No record says which data set these figures were "
                    + "measured on. Reported and published figures are about MNIST, and comparable with nothing else."));
        }
        return dataset.equalsIgnoreCase("mnist") ? Optional.empty() : Optional.of(new RunScope.Warning("not MNIST",
                "These are not MNIST figures: they were measured on the data set \"" + dataset
                        + "\". Reported and published figures are about MNIST and not comparable."));
    }

    @Override
    public Beside beside(String table) {
        return switch (table) {
            case Table1.NAME -> LITERATURE.table1().beside((sigma, column) ->
                    Plausibility.objection(LITERATURE.table1().reported(), LITERATURE.table1().published(), sigma, column));
            case Table2.NAME -> LITERATURE.table2().beside((epsilon, column) -> Optional.empty());
            default -> Beside.NOTHING;
        };
    }

    @Override
    public List<String> missing(Measured run) {
        List<String> missing = new ArrayList<>();
        run.table1().ifPresentOrElse(table -> missing.addAll(notMeasured("Table 1", table)),
                () -> missing.add("There are no smoothing rows, so there is no table 1."));
        run.table2().ifPresentOrElse(table -> missing.addAll(notMeasured("Table 2", table)),
                () -> missing.add("There are neither bounds nor attacks, so there is no table 2."));
        return missing;
    }

    /** The lines of the report's table that a run has no rows for. */
    private static List<String> notMeasured(String title, ResultTable table) {
        return table.beside().tried().orElseThrow().rows().stream().map(row -> row.at().doubleValue())
                .filter(at -> table.lines().stream().noneMatch(line -> line.at() == at))
                .map(at -> title + " lacks " + table.definition().parameter() + " " + RunLayout.decimals(at)
                        + ", which the lab report has: there are no rows for it.").toList();
    }

    @Override
    public Commentary comment(Measured run) {
        List<Discussion> discussions = discussions(run);
        List<Section> analysis = discussions.isEmpty() ? List.of() : List.of(new Section("analysis", "Analysis",
                Markup.paragraph("note", "The lab report's sections, written anew from this run's rows."
                        + (run.scope().warning().isEmpty() ? " In italics: what the report says, in brief." : ""))
                        + discussions.stream().map(LabReport::discussion).collect(Collectors.joining())));
        return new Commentary(analysis,
                List.of(new Section("misstatements", "What the lab report gets wrong", misstatements())),
                summary(discussions));
    }

    private static List<Discussion> discussions(Measured run) {
        List<Discussion> found = new ArrayList<>();
        run.table1().ifPresent(table -> found.add(new TradeoffDiscussion(table, run.curves()).write()));
        run.table2().flatMap(table -> new GapDiscussion(run.run().ibp(), table).write()).ifPresent(found::add);
        run.table2().flatMap(table -> new OverestimationDiscussion(run.run().ibp(), table).write()).ifPresent(found::add);
        new GuaranteeDiscussion(run.run()).write().ifPresent(found::add);
        if (run.table1().isPresent() && run.table2().isPresent()) {
            found.add(new MethodsDiscussion(run.run(), run.table1().get(), run.table2().get()).write());
        }
        return run.scope().warning().isEmpty() ? found : found.stream().map(Discussion::withoutFindings).toList();
    }

    static Optional<String> summary(List<Discussion> discussions) {
        List<Finding> findings = discussions.stream().flatMap(discussion -> discussion.findings().stream()).toList();
        return findings.isEmpty() ? Optional.empty() : Optional.of("Of " + findings.size()
                + (findings.size() == 1 ? " claim" : " claims") + " of the lab report that these rows can speak to, "
                + count(findings, Verdict.AGREES) + " agree, " + count(findings, Verdict.PARTLY) + " agree in part, "
                + count(findings, Verdict.DISAGREES) + " disagree and " + count(findings, Verdict.IMPOSSIBLE)
                + " cannot be true.");
    }

    private static long count(List<Finding> findings, Verdict verdict) {
        return findings.stream().filter(finding -> finding.verdict() == verdict).count();
    }

    private static String discussion(Discussion discussion) {
        String findings = discussion.findings().stream().map(finding -> "<div class=\"finding "
                + finding.verdict().name().toLowerCase(Locale.ROOT) + "\"><dt>" + Markup.prose(finding.claim())
                + "</dt>\n<dd><b class=\"verdict\">" + Markup.text(finding.verdict().text) + "</b> "
                + Markup.prose(finding.evidence()) + "</dd></div>\n").collect(Collectors.joining());
        return "<h3 id=\"" + discussion.id() + "-discussion\">" + Markup.text(discussion.title()) + "</h3>\n"
                + discussion.prose().stream().map(prose -> "<p>" + Markup.text(prose) + "</p>\n")
                .collect(Collectors.joining())
                + (findings.isEmpty() ? "" : "<dl class=\"findings\">\n" + findings + "</dl>\n");
    }

    private static String misstatements() {
        return Stream.concat(objections().stream(), LITERATURE.misstatements().stream())
                .map(said -> "<dt>" + Markup.prose(said.claim()) + "</dt>\n<dd>" + Markup.prose(said.fact()) + "</dd>\n")
                .collect(Collectors.joining("", Markup.paragraph("note",
                        "By arithmetic and by its own tables, whatever is measured.")
                                + "<dl class=\"claims\">\n", "</dl>\n"));
    }

    /** What is wrong with the figures that the report's table 1 states, row by row. */
    static List<Literature.Misstatement> objections() {
        List<Literature.Misstatement> found = new ArrayList<>();
        for (Beside.Row row : INSTANCE.beside(Table1.NAME).tried().orElseThrow().rows()) {
            for (Column<?> column : Table1.DEFINITION.columns()) {
                Optional.ofNullable(row.objections().get(column.key())).ifPresent(fact -> found.add(
                        new Literature.Misstatement("Table 1, sigma " + row.at() + ", " + column.title() + ": "
                                + row.figures().get(column.key()) + "%.", fact)));
            }
        }
        return List.copyOf(found);
    }
}

package dev.bulwark.report;

import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.SoundnessException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Several runs side by side: the same columns for each, at every sigma and epsilon that any has.
 *
 * @param tables  those of the two for which there are rows
 * @param written the files, in the order of writing
 */
public record RunComparison(List<Side> tables, List<Path> written) {

    /** A curve's look says which run it belongs to, its colour which sigma. */
    private static final List<String> LINES = List.of("", "dashed", "faint");

    public RunComparison {
        tables = List.copyOf(tables);
        written = List.copyOf(written);
    }

    /**
     * One table of all runs.
     *
     * @param rows sigma or epsilon (empty where it repeats the row above), the run, its cells, its images
     */
    public record Side(String caption, List<String> header, List<List<String>> rows) {

        public Side {
            header = List.copyOf(header);
            rows = rows.stream().map(List::copyOf).toList();
        }

        /** Rows of one sigma or epsilon together. */
        private List<List<List<String>>> groups() {
            List<List<List<String>>> groups = new ArrayList<>();
            for (List<String> row : rows) {
                if (!row.get(0).isEmpty() || groups.isEmpty()) {
                    groups.add(new ArrayList<>());
                }
                groups.get(groups.size() - 1).add(row);
            }
            return groups;
        }

        /** Aligned, for a terminal; what is too wide for it stands in blocks. */
        public String text(Paint paint, int width) {
            int[] widths = TextTable.widths(Stream.concat(Stream.of(header), rows.stream()).toList());
            List<String> lines = new ArrayList<>(List.of(paint.strong(Paragraph.wrapped(caption, width)), ""));
            if (TextTable.fits(widths, width)) {
                lines.add(paint.faint(TextTable.aligned(header, widths)));
                for (List<String> row : rows) {
                    if (!row.get(0).isEmpty()) {
                        lines.add("");
                    }
                    lines.add(TextTable.aligned(row, widths));
                }
            } else {
                lines.addAll(TextTable.stacked(header, groups(), paint));
            }
            return String.join("\n", lines) + "\n";
        }
    }

    /** A run with its tables. */
    private record Compared(String name, RunFolder folder, RunScope scope, Optional<ResultTable> table1, Optional<ResultTable> table2) {
    }

    /**
     * Reads the rows of several runs and writes {@code comparison.html} and a CSV file for each table.
     *
     * @param target      folder for the files
     * @param experiments what a run belongs to
     * @throws RowException       if a file of rows can't be used
     * @throws SoundnessException if an image is certified and broken
     */
    public static RunComparison write(List<Path> runs, Path target, Function<RunFolder, Experiment> experiments)
            throws IOException {
        List<RunFolder> folders = new ArrayList<>();
        for (Path run : runs) {
            folders.add(RunFolder.read(run));
        }
        List<Compared> compared = compared(runs, folders, experiments);
        Outputs outputs = new Outputs(target);
        List<Side> sides = new ArrayList<>();
        StringBuilder body = new StringBuilder();
        Map<String, String> contents = new LinkedHashMap<>();
        for (Function<Compared, Optional<ResultTable>> which : List.<Function<Compared, Optional<ResultTable>>>of(
                Compared::table1, Compared::table2)) {
            List<Compared> having = compared.stream().filter(run -> which.apply(run).isPresent()).toList();
            if (!having.isEmpty()) {
                ResultTable first = which.apply(having.get(0)).orElseThrow();
                Side side = side(having, run -> which.apply(run).orElseThrow(),
                        first.name().equals(Table2.NAME) ? attacks(having, first) : "");
                sides.add(side);
                outputs.write(first.name() + ".csv", csv(having, run -> which.apply(run).orElseThrow()));
                contents.put(first.name() + "-section", first.definition().topic());
                body.append(Markup.section(first.name() + "-section", first.definition().topic(), table(side, first)
                        + (first.name().equals(Table1.NAME) ? curves() : "")));
            }
        }
        contents.put("runs", "The runs");
        body.append(Markup.section("runs", "The runs", runs(compared)));
        outputs.write("comparison.html", ReportPage.page(new ReportPage.Head(
                compared.size() + " runs side by side", "", warning(compared), ""), contents,
                body.toString(), data(compared), beside(folders, experiments, Table1.NAME)));
        return new RunComparison(sides, outputs.written());
    }

    private static List<Compared> compared(List<Path> runs, List<RunFolder> folders,
            Function<RunFolder, Experiment> experiments) {
        List<EpsilonRows> all = folders.stream().flatMap(folder -> folder.ibp().values().stream()).toList();
        List<Compared> compared = new ArrayList<>();
        for (int r = 0; r < folders.size(); ++r) {
            RunFolder folder = folders.get(r);
            Experiment experiment = experiments.apply(folder);
            RunScope scope = RunScope.of(folder.run(), experiment);
            String name = name(runs.get(r), runs) + scope.warning().map(why -> " [" + why.brief() + "]").orElse("");
            Function<String, Beside> beside = table -> experiment.beside(table).sources().isEmpty()
                    ? beside(folders, experiments, table).withoutFigures() : experiment.beside(table);
            compared.add(new Compared(name, folder, scope,
                    folder.smoothing().isEmpty() ? Optional.empty()
                            : Optional.of(Table1.of(folder.smoothing(), folder.further(), scope, beside.apply(Table1.NAME))),
                    folder.ibp().isEmpty() ? Optional.empty()
                            : Optional.of(Table2.of(folder.ibp(), scope, beside.apply(Table2.NAME), all))));
        }
        return compared;
    }

    /** The sources that any of the runs has figures of: files have the same columns for all. */
    private static Beside beside(List<RunFolder> folders, Function<RunFolder, Experiment> experiments, String table) {
        return folders.stream().map(folder -> experiments.apply(folder).beside(table))
                .filter(beside -> !beside.sources().isEmpty()).findFirst().orElse(Beside.NOTHING);
    }

    /** The folder's name where that tells the runs apart, else its path. */
    private static String name(Path run, List<Path> runs) {
        Path last = run.toAbsolutePath().normalize().getFileName();
        boolean shared = runs.stream().map(other -> other.toAbsolutePath().normalize().getFileName()).filter(last::equals)
                .count() > 1;
        return (shared ? run : last).toString().replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ");
    }

    /** What must stand first, if anything, of any run. */
    private static Optional<String> warning(List<Compared> runs) {
        return runs.stream().filter(run -> run.scope.warning().isPresent()).findFirst()
                .map(run -> run.name + ": " + run.scope.warned().orElseThrow());
    }

    /** What PGD was in each run, where the column can't say it for all. */
    private static String attacks(List<Compared> runs, ResultTable table) {
        List<String> names = runs.stream().flatMap(run -> Table2.names(run.folder.ibp())
                .map(name -> run.name + ": " + name).stream()).toList();
        return names.isEmpty() || runs.stream().map(run -> Table2.names(run.folder.ibp())).flatMap(Optional::stream)
                .allMatch(table.column(Table2.PGD).title()::equals) ? "" : " (PGD in " + String.join("; in ", names) + ")";
    }

    /** @param said what the caption must add */
    private static Side side(List<Compared> runs, Function<Compared, ResultTable> which, String said) {
        ResultTable first = which.apply(runs.get(0));
        List<String> header = new ArrayList<>(first.header());
        header.set(1, "run");
        List<String> names = runs.stream().flatMap(run -> which.apply(run).lines().stream())
                .sorted(Comparator.comparingDouble(ResultTable.Line::at).thenComparing(ResultTable.Line::further)
                        .thenComparingLong(line -> line.samples().orElse(0)))
                .map(ResultTable.Line::name).distinct().toList();
        List<List<String>> rows = new ArrayList<>();
        for (String name : names) {
            String shown = name;
            for (Compared run : runs) {
                for (ResultTable.Printed printed : which.apply(run).printed()) {
                    if (printed.kind() == ResultTable.Kind.MEASURED && printed.texts().get(0).equals(name)) {
                        List<String> row = new ArrayList<>(printed.texts());
                        row.replaceAll(ResultTable::unmarked); // each run's own table explains it
                        row.set(0, shown);
                        row.set(1, run.name);
                        rows.add(row);
                        shown = "";
                    }
                }
            }
        }
        return new Side(first.definition().topic() + ", accuracy in %" + said, header, rows);
    }

    /** The columns of each run's own CSV file, behind its name and its data set. */
    private static String csv(List<Compared> runs, Function<Compared, ResultTable> which) {
        List<String> lines = new ArrayList<>();
        warning(runs).ifPresent(warning -> lines.add("# " + warning));
        lines.add("run,dataset," + CsvTable.header(which.apply(runs.get(0))));
        runs.forEach(run -> which.apply(run).lines().forEach(line -> lines.add(
                CsvTable.join(Stream.of(run.name, run.scope.dataset())) + "," + CsvTable.line(which.apply(run), line))));
        return String.join("\n", lines) + "\n";
    }

    private static String table(Side side, ResultTable like) {
        String header = Stream.concat(Stream.of("&" + like.definition().parameter() + ";"),
                side.header.stream().skip(1).map(Markup::text))
                .map(title -> "<th scope=\"col\">" + title + "</th>").collect(Collectors.joining("", "<tr>", "</tr>"));
        StringBuilder rows = new StringBuilder();
        for (List<String> row : side.rows) {
            rows.append(row.get(0).isEmpty() ? "" : "</tbody>\n<tbody>\n").append("<tr><th scope=\"row\">")
                    .append(Markup.text(row.get(0))).append("</th><th scope=\"row\">").append(Markup.text(row.get(1)))
                    .append("</th>");
            row.stream().skip(2).forEach(cell -> rows.append("<td>").append(Markup.text(cell)).append("</td>"));
            rows.append("</tr>\n");
        }
        return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + Markup.text(side.caption) + "\">\n"
                + "<table class=\"compared\">\n<caption>" + Markup.text(side.caption) + ".</caption>\n<thead>" + header
                + "</thead>\n"
                + rows.substring("</tbody>\n".length()) + "</tbody>\n</table>\n</div>\n";
    }

    private static String curves() {
        return Markup.figure("curves", 1, "Certified accuracy against L2 radius: a colour for each \u03c3, a kind of "
                + "line for each run.",
                "", "Each run's own curves lie in its figures/certified_accuracy.svg.");
    }

    private static PageData data(List<Compared> runs) {
        PageData data = new PageData();
        List<Double> sigmas = runs.stream().flatMap(run -> run.folder.smoothing().keySet().stream()).distinct().sorted()
                .toList();
        for (int r = 0; r < runs.size(); ++r) {
            for (CertifiedCurve curve : CertifiedCurve.of(runs.get(r).folder)) {
                data.addCurve(runs.get(r).name + ", " + Phrase.sigma(curve.sigma()), curve, sigmas.indexOf(curve.sigma()),
                        LINES.get(r % LINES.size()));
            }
        }
        return data;
    }

    private static String runs(List<Compared> runs) {
        return runs.stream().map(run -> "<h3>" + Markup.text(run.name) + "</h3>\n"
                + Markup.paragraph("byline", new Provenance(run.folder.run()).byline())
                + Markup.list("plain", Stream.of(run.scope.warned().stream(), run.scope.sentences()
                .stream(),
                        run.folder.missing().stream()).flatMap(sentence -> sentence).toList()))
                                .collect(Collectors.joining());
    }
}

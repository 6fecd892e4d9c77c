package dev.bulwark.report;

import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.RowException;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.SoundnessException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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
public record RunComparison(List<ComparisonTable> tables, List<Path> written) {

    /** A curve's kind of line says which run it belongs to, its colour which sigma. */
    private static final List<String> LINES = List.of("", "dashed", "faint");

    public RunComparison {
        tables = List.copyOf(tables);
        written = List.copyOf(written);
    }

    /** A run with its tables. */
    private record Compared(String name, RunFolder folder, RunScope scope, Optional<ResultTable> table1,
            Optional<ResultTable> table2) {
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
        List<ComparisonTable> tables = new ArrayList<>();
        StringBuilder body = new StringBuilder();
        Map<String, String> contents = new LinkedHashMap<>();
        for (List<ComparisonTable.Part> parts : List.of(parts(compared, Compared::table1),
                parts(compared, Compared::table2))) {
            if (!parts.isEmpty()) {
                ResultTable first = parts.get(0).table();
                boolean smoothing = first.name().equals(Table1.NAME);
                ComparisonTable table = ComparisonTable.of(parts, smoothing ? "" : attacks(compared, first));
                tables.add(table);
                outputs.write(first.name() + ".csv", csv(parts));
                String id = first.name() + "-section";
                contents.put(id, first.definition().topic());
                body.append(Markup.section(id, first.definition().topic(), table.html() + (smoothing ? curves() : "")));
            }
        }
        contents.put("runs", "The runs");
        body.append(Markup.section("runs", "The runs", runs(compared)));
        outputs.write("comparison.html", ReportPage.page(new ReportPage.Head(
                compared.size() + " runs side by side", "", warning(compared), ""), contents,
                body.toString(), data(compared), beside(folders, experiments, Table1.NAME)));
        return new RunComparison(tables, outputs.written());
    }

    /** One of the two tables, of the runs that have it. */
    private static List<ComparisonTable.Part> parts(List<Compared> runs, Function<Compared, Optional<ResultTable>> table) {
        return runs.stream().flatMap(run -> table.apply(run).map(own -> new ComparisonTable.Part(run.name, own)).stream())
                .toList();
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
        return runs.stream().flatMap(run -> warning(run.name, run.scope).stream()).findFirst();
    }

    private static Optional<String> warning(String run, RunScope scope) {
        return scope.warned().map(warning -> run + ": " + warning);
    }

    /** What PGD was in each run, where the column can't say it for all. */
    private static String attacks(List<Compared> runs, ResultTable table) {
        List<String> names = runs.stream().flatMap(run -> Table2.names(run.folder.ibp())
                .map(name -> run.name + ": " + name).stream()).toList();
        return names.isEmpty() || runs.stream().map(run -> Table2.names(run.folder.ibp())).flatMap(Optional::stream)
                .allMatch(table.column(Table2.PGD).title()::equals) ? "" : " (PGD in " + String.join("; in ", names) + ")";
    }

    /** The columns of each run's own CSV file, behind its name and its data set. */
    private static String csv(List<ComparisonTable.Part> parts) {
        List<String> lines = new ArrayList<>();
        parts.stream().flatMap(part -> warning(part.run(), part.table().scope()).stream()).findFirst()
                .ifPresent(warning -> lines.add("# " + warning));
        lines.add("run,dataset," + CsvTable.header(parts.get(0).table()));
        for (ComparisonTable.Part part : parts) {
            String run = CsvTable.join(Stream.of(part.run(), part.table().scope().dataset()));
            part.table().lines().forEach(line -> lines.add(run + "," + CsvTable.line(part.table(), line)));
        }
        return String.join("\n", lines) + "\n";
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
                + Markup.list("plain", Stream.of(run.scope.warned().stream(), run.scope.sentences().stream(),
                        run.folder.missing().stream()).flatMap(sentence -> sentence).toList()))
                .collect(Collectors.joining());
    }
}

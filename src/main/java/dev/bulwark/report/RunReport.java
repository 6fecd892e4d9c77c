package dev.bulwark.report;

import dev.bulwark.results.RowException;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.RunLayout;
import dev.bulwark.results.SoundnessException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.knowm.xchart.XYChart;

/**
 * Tables, figures and the report page of one run, rebuilt from its rows alone.
 *
 * @param table1  empty if there are no smoothing rows
 * @param table2  empty if there are neither bounds nor attacks
 * @param missing what a whole run would have had, a sentence each
 * @param written the files, in the order of writing
 */
public record RunReport(Optional<ResultTable> table1, Optional<ResultTable> table2, List<String> missing, List<Path> written) {

    private static final List<TableFormat> FILES =
            List.of(TableFormat.CSV, TableFormat.MARKDOWN, TableFormat.LATEX, TableFormat.JSON);

    public RunReport {
        missing = List.copyOf(missing);
        written = List.copyOf(written);
    }

    /**
     * Reads the rows in a run's folder, checks them against each other and writes what can be made of them beside them.
     * Nothing is written unless all rows are readable and sound.
     *
     * @throws RowException       if a file of rows can't be used, or there is none
     * @throws SoundnessException if an image is certified and broken
     */
    public static RunReport rebuild(Path folder) throws IOException {
        RunFolder found = RunFolder.read(folder);
        boolean experiment = !found.collected();
        RunScope scope = RunScope.of(found.run(), experiment);
        Literature literature = experiment ? Literature.load() : Literature.NONE;
        Outputs outputs = new Outputs(folder);
        List<String> missing = new ArrayList<>(found.missing());
        Optional<ResultTable> table1 = Optional.empty();
        Optional<ResultTable> table2 = Optional.empty();
        List<CertifiedCurve> curves = CertifiedCurve.of(found);
        if (found.smoothing().isEmpty()) {
            if (experiment) {
                missing.add("There are no smoothing rows, so there is no table 1.");
            }
        } else {
            table1 = Optional.of(Table1.of(found.smoothing(), found.further(), scope, literature));
            missing.addAll(notMeasured("Table 1", table1.get()));
            write(table1.get(), outputs);
            draw("certified_accuracy", CertifiedCurve.csv(curves, scope),
                    () -> Charts.certifiedAccuracy(curves, scope), outputs, missing);
        }
        if (found.ibp().isEmpty()) {
            if (experiment) {
                missing.add("There are neither bounds nor attacks, so there is no table 2.");
            }
        } else {
            ResultTable table = Table2.of(found.ibp(), scope, literature);
            table2 = Optional.of(table);
            missing.addAll(notMeasured("Table 2", table));
            write(table, outputs);
            draw("ibp_gap", CsvTable.write(table), () -> Charts.certificationGap(table), outputs, missing);
        }
        outputs.write("report.html", ReportPage.write(found,
                new ReportPage.Results(scope, table1, curves, table2, missing, literature)));
        return new RunReport(table1, table2, missing, outputs.written());
    }

    /** The lines of the lab report's table that this run has no rows for. */
    private static List<String> notMeasured(String title, ResultTable table) {
        return table.beside().reported().rows().stream().map(row -> row.at().doubleValue())
                .filter(at -> table.lines().stream().noneMatch(line -> line.at() == at))
                .map(at -> title + " lacks " + table.definition().parameter() + " " + RunLayout.decimals(at)
                        + ", which the lab report has: there are no rows for it.").toList();
    }

    private static void write(ResultTable table, Outputs outputs) throws IOException {
        for (TableFormat format : FILES) {
            outputs.write(table.name() + "." + format.ending(), format.write(table));
        }
    }

    /** A machine without fonts can't draw; its tables are worth having all the same. */
    static void draw(String figure, String csv, Supplier<XYChart> chart, Outputs outputs, List<String> missing)
            throws IOException {
        outputs.write("figures/" + figure + ".csv", csv);
        try {
            XYChart drawn = chart.get();
            String svg = Charts.svg(drawn);
            byte[] png = Charts.png(drawn);
            outputs.write("figures/" + figure + ".svg", svg);
            outputs.write("figures/" + figure + ".png", png);
        } catch (RuntimeException | LinkageError | InternalError e) {
            missing.add("Figure " + figure + " could not be drawn (" + e.getClass().getSimpleName()
                    + "): this Java needs fonts, on Debian or Ubuntu the package fontconfig.");
        }
    }
}

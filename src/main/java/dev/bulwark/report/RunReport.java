package dev.bulwark.report;

import dev.bulwark.results.RowException;
import dev.bulwark.results.RunFolder;
import dev.bulwark.results.SoundnessException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.knowm.xchart.XYChart;

/**
 * Tables, figures and the report page of one run, rebuilt from its rows alone.
 *
 * @param table1  empty if there are no smoothing rows
 * @param table2  empty if there are neither bounds nor attacks
 * @param further tables of other norms, and of largest epsilons
 * @param missing what a whole run would have had, a sentence each
 * @param written the files, in the order of writing
 */
public record RunReport(Optional<ResultTable> table1, Optional<ResultTable> table2, List<ResultTable> further,
        List<String> missing, List<Path> written) {

    private static final List<TableFormat> FILES =
            List.of(TableFormat.CSV, TableFormat.MARKDOWN, TableFormat.LATEX, TableFormat.JSON);

    public RunReport {
        further = List.copyOf(further);
        missing = List.copyOf(missing);
        written = List.copyOf(written);
    }

    /**
     * Reads the rows in a run's folder, checks them against each other and writes what can be made of them beside them.
     * Nothing is written unless all rows are readable and sound.
     *
     * @param experiments what a run belongs to
     * @throws RowException       if a file of rows can't be used, or there is none
     * @throws SoundnessException if an image is certified and broken
     */
    public static RunReport rebuild(Path folder, Function<RunFolder, Experiment> experiments) throws IOException {
        RunFolder found = RunFolder.read(folder);
        Experiment experiment = experiments.apply(found);
        Measured run = Measured.of(found, experiment);
        Outputs outputs = new Outputs(folder);
        List<String> missing = new ArrayList<>(found.missing());
        missing.addAll(experiment.missing(run));
        if (run.table1().isPresent()) {
            write(run.table1().get(), outputs);
            draw("certified_accuracy", CertifiedCurve.csv(run.curves(), run.scope()),
                    () -> Charts.certifiedAccuracy(run.curves(), run.scope()), outputs, missing);
        }
        if (run.table2().isPresent()) {
            ResultTable table = run.table2().get();
            write(table, outputs);
            draw("ibp_gap", CsvTable.write(table), () -> Charts.certificationGap(table), outputs, missing);
        }
        for (ResultTable table : run.further()) {
            write(table, outputs);
        }
        for (LargestEpsilons largest : run.largest()) {
            draw(largest.name(), largest.csv(run.scope()), () -> Charts.largestEpsilons(largest, run.scope()), outputs, missing);
        }
        outputs.write("report.html", ReportPage.write(run, missing, experiment.comment(run)));
        return new RunReport(run.table1(), run.table2(), run.further(), missing, outputs.written());
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

package dev.bulwark.cli;

import dev.bulwark.lab.LabReport;
import dev.bulwark.report.RunComparison;
import dev.bulwark.report.RunReport;
import dev.bulwark.report.TradeoffReport;
import dev.bulwark.results.CollectedRows;
import dev.bulwark.results.TradeoffFolder;
import dev.bulwark.runs.ExperimentException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bulwark report}: tables, figures and the page from rows alone. */
@Command(name = "report", description = "Rebuild tables, figures and report.html of runs from their rows.")
final class ReportCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Parameters(arity = "1..*", paramLabel = "RUN", description = "Run folders; several are also compared side by side. Or "
            + "row files of certify, verify and attack, or a folder of them, with their .run.json beside them.")
    private List<Path> runs;

    @Option(names = "--out", paramLabel = "DIR", description = "Where a comparison goes (default: the folder comparison "
            + "beside the first run), or a report of row files (default: the folder report beside the first).")
    private Path out;

    @Override
    public Integer call() throws Exception {
        List<Path> files = rowFiles();
        if (!files.isEmpty()) {
            Path target = out != null ? out : files.get(0).toAbsolutePath().normalize().resolveSibling("report");
            CollectedRows.into(target, files).forEach(this::warn);
            rebuild(target, spec.commandLine().getOut());
            return ExitCode.DONE.code();
        }
        for (Path run : runs) {
            if (runs.size() > 1 && TradeoffFolder.isIn(run)) {
                throw new ExperimentException(run + " holds a trade-off, which has no tables to compare: report it alone");
            }
        }
        for (Path run : runs) {
            rebuild(run, spec.commandLine().getOut());
        }
        if (runs.size() > 1) {
            Path target = out != null ? out : runs.get(0).toAbsolutePath().normalize().resolveSibling("comparison");
            compare(target, spec.commandLine().getOut());
        } else if (out != null) {
            throw new ExperimentException("--out is for a comparison, but there is one run only: a report lies in its "
                    + "run's folder");
        }
        return ExitCode.DONE.code();
    }

    /** The row files that were named, one by one or by their folder; none where run folders were. */
    private List<Path> rowFiles() throws IOException {
        if (runs.size() == 1 && Files.isDirectory(runs.get(0)) && !TradeoffFolder.isIn(runs.get(0))) {
            CollectedRows.Found found = CollectedRows.in(runs.get(0));
            found.notes().forEach(this::warn);
            return found.files();
        }
        List<Path> files = runs.stream().filter(Files::isRegularFile).toList();
        if (!files.isEmpty() && files.size() < runs.size()) {
            throw new ExperimentException("name either row files or run folders: " + files.get(0) + " is a file");
        }
        return files;
    }

    private void warn(String line) {
        spec.commandLine().getErr().println("bulwark: " + line);
    }

    private static void rebuild(Path run, PrintWriter text) throws IOException {
        if (TradeoffFolder.isIn(run)) {
            TradeoffCommand.print(TradeoffReport.rebuild(run, LabReport.INSTANCE), run, text);
        } else {
            ReproduceCommand.print(RunReport.rebuild(run, LabReport::of), run, text);
        }
    }

    private void compare(Path target, PrintWriter text) throws IOException {
        RunComparison comparison = RunComparison.write(runs, target, LabReport::of);
        comparison.tables().forEach(table -> text.println(
                table.text(Terminal.paint(System.getenv()), Terminal.resultColumns(System.getenv()))));
        text.println("Comparison: " + target.resolve("comparison.html"));
    }
}

package dev.bulwark.cli;

import dev.bulwark.report.RunReport;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bulwark report}: tables, figures and the page from rows alone. */
@Command(name = "report", description = "Rebuild tables, figures and report.html of runs from their rows.")
final class ReportCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Parameters(arity = "1..*", paramLabel = "RUN", description = "Run folders.")
    private List<Path> runs;

    @Override
    public Integer call() throws Exception {
        for (Path run : runs) {
            ReproduceCommand.print(RunReport.rebuild(run), run, spec.commandLine().getOut());
        }
        return ExitCode.DONE.code();
    }
}

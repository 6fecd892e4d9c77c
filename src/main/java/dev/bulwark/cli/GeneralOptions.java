package dev.bulwark.cli;

import dev.bulwark.runs.Monitor;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** What every command takes. */
final class GeneralOptions {

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    private boolean help;

    @Option(names = "--quiet", description = "No progress; results, warnings and errors only.")
    private boolean quiet;

    @Option(names = "--debug", description = "Show the trace of an error.")
    private boolean debug;

    /** Progress on standard error: a bar on a terminal, plain lines elsewhere. */
    Monitor monitor(PrintWriter err) {
        if (quiet) {
            return Monitor.SILENT;
        }
        return Terminal.onError() ? new ProgressBars(err, Terminal.columns(System.getenv())) : new PlainLines(err);
    }

    boolean quiet() {
        return quiet;
    }

    boolean debug() {
        return debug;
    }
}

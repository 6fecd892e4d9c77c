package dev.bulwark.cli;

import dev.bulwark.files.Reason;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine;

/** Entry point; the only place that ends the process. */
public final class Main {

    private Main() {
    }

    public static void main(String[] arguments) {
        StandardOutput output = StandardOutput.ofProcess();
        PrintWriter out = output.writer();
        PrintWriter err = new PrintWriter(System.err, true);
        int code = run(arguments, out, err);
        out.flush();
        System.exit(written(output.failure(), code, err));
    }

    /** Runs one command; returns the exit code. */
    static int run(String[] arguments, PrintWriter out, PrintWriter err) {
        try {
            CommandLine line = new CommandLine(new BulwarkCommand(arguments));
            line.setOut(out).setErr(err);
            Spelling.teach(line);
            line.setUsageHelpWidth(Terminal.helpColumns(System.getenv()));
            line.setParameterExceptionHandler((failure, given) -> usage(failure));
            line.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, err, debug(arguments)));
            return line.execute(arguments);
        } catch (RuntimeException | Error e) {
            return report(e, err, debug(arguments)); // the handler above gets no errors, and no failure to load a command
        }
    }

    /** The exit code of a command whose results may not have reached standard output. */
    static int written(Optional<IOException> lost, int code, PrintWriter err) {
        lost.ifPresent(e -> err.println("bulwark: standard output: " + Reason.of(e)));
        return lost.isPresent() && code == ExitCode.DONE.code() ? ExitCode.OTHER.code() : code;
    }

    private static int usage(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        command.getErr().println("bulwark: " + Spelling.complaint(failure) + "; see '"
                + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE.code();
    }

    /** One line that says what and what to do; the trace on request. */
    private static int report(Throwable failure, PrintWriter err, boolean debug) {
        err.println("bulwark: " + Explanation.of(failure));
        if (debug) {
            failure.printStackTrace(err);
        }
        return ExitCode.of(failure).code();
    }

    private static boolean debug(String[] arguments) {
        return Arrays.asList(arguments).contains("--debug");
    }
}

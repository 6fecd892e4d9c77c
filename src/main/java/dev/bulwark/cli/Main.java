package dev.bulwark.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Entry point; the only place that ends the process. */
public final class Main {

    private Main() {
    }

    public static void main(String[] arguments) {
        System.exit(run(arguments, new PrintWriter(System.out, true), new PrintWriter(System.err, true)));
    }

    /** Runs one command; returns the exit code. */
    static int run(String[] arguments, PrintWriter out, PrintWriter err) {
        CommandLine line = new CommandLine(new BulwarkCommand(arguments));
        line.setOut(out).setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((failure, given) -> usage(failure));
        line.setExecutionExceptionHandler((failure, command, parsed) -> report(failure, err, debug(arguments)));
        return line.execute(arguments);
    }

    private static int usage(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        command.getErr().println("bulwark: " + firstLine(failure.getMessage()) + "; see '"
                + command.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE.code();
    }

    /** One line that says what and what to do; the trace on request. */
    private static int report(Throwable failure, PrintWriter err, boolean debug) {
        err.println("bulwark: " + describe(failure));
        if (debug) {
            failure.printStackTrace(err);
        }
        return ExitCode.of(failure).code();
    }

    private static String describe(Throwable failure) {
        if (failure instanceof FileSystemException file) {
            String reason = file.getReason() == null ? file.getClass().getSimpleName() : file.getReason();
            return file.getFile() + ": " + firstLine(reason);
        }
        if (failure instanceof OutOfMemoryError) {
            return "out of memory: give the JVM more with BULWARK_JAVA_OPTS=-Xmx8g";
        }
        String message = failure.getMessage();
        boolean ours = failure.getClass().getName().startsWith("dev.bulwark.");
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName() + "; --debug shows where";
        }
        return ours || failure instanceof IOException || failure instanceof IllegalArgumentException
                ? firstLine(message)
                : failure.getClass().getSimpleName() + ": " + firstLine(message) + "; --debug shows where";
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private static boolean debug(String[] arguments) {
        return Arrays.asList(arguments).contains("--debug");
    }
}

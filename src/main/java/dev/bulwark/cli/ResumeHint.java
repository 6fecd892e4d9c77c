package dev.bulwark.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tells a user who stops a run half-way, by Ctrl-C or a signal, that nothing is lost and how to continue. */
final class ResumeHint implements AutoCloseable {

    private static final String DEFAULT_LAUNCHER = "scripts/bulwark";
    /** What no shell splits or expands. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+:,./=-]+");

    private final Thread hook;

    private ResumeHint(Thread hook) {
        this.hook = hook;
    }

    /**
     * @param arguments of the command line, to which {@code --resume} is added unless it is there
     * @param more      added too
     */
    static ResumeHint of(PrintWriter err, List<String> arguments, String... more) {
        String command = resuming(launcher(System.getenv()), arguments, more);
        Thread hook = new Thread(() -> {
            err.println();
            err.println("stopped; what was done is kept. Go on with:");
            err.println("  " + command); // alone on its line and unbroken, to be copied
            err.flush();
        }, "resume hint");
        Runtime.getRuntime().addShutdownHook(hook);
        return new ResumeHint(hook);
    }

    /** How the program was called; the launcher says so. */
    static String launcher(Map<String, String> environment) {
        return Optional.ofNullable(environment.get("BULWARK_LAUNCHER")).filter(name -> !name.isBlank())
                .orElse(DEFAULT_LAUNCHER);
    }

    /** The command that goes on where the one of {@code arguments} was stopped, as a shell takes it. */
    static String resuming(String launcher, List<String> arguments, String... more) {
        Stream<String> kept = arguments.stream().filter(word -> !word.equals("--overwrite") && !word.equals("--resume"));
        return Stream.of(Stream.of(launcher), kept, Stream.of(more), Stream.of("--resume")).flatMap(words -> words)
                .map(ResumeHint::quoted).collect(Collectors.joining(" "));
    }

    private static String quoted(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** The run has come to its end, well or badly. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It is being stopped just now, and says so.
        }
    }
}

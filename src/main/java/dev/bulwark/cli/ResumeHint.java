package dev.bulwark.cli;

import java.io.PrintWriter;

/** Tells whoever stops a run half-way, by Ctrl-C or a signal, that nothing is lost and how it goes on. */
final class ResumeHint implements AutoCloseable {

    private final Thread hook;

    private ResumeHint(Thread hook) {
        this.hook = hook;
    }

    /** @param command the command line, to which {@code --resume} is added unless it is there; {@code more} too */
    static ResumeHint of(PrintWriter err, String command, String more) {
        Thread hook = new Thread(() -> {
            err.println();
            err.println("stopped; what was done is kept. Go on with:");
            err.println("  " + resuming(command, more)); // alone on its line and unbroken, to be copied
            err.flush();
        }, "resume hint");
        Runtime.getRuntime().addShutdownHook(hook);
        return new ResumeHint(hook);
    }

    /** The command that goes on where {@code command} was stopped. */
    static String resuming(String command, String more) {
        String kept = (" " + command + " ").replace(" --overwrite ", " ").replace(" --resume ", " ").strip();
        return "scripts/" + kept + more + " --resume";
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

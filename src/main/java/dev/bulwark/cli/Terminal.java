package dev.bulwark.cli;

import dev.bulwark.report.Paint;
import java.util.Map;

/** Whether people are watching; the launcher knows, the JVM only whether standard input and output are terminals both. */
final class Terminal {

    private Terminal() {
    }

    static boolean onError() {
        String told = System.getenv("BULWARK_TERMINAL");
        return told == null ? System.console() != null : told.equals("1");
    }

    /** Colours where the launcher saw a terminal on standard output, unless NO_COLOR or a dumb terminal speaks against them. */
    static Paint paint(Map<String, String> environment) {
        boolean unwanted = !environment.getOrDefault("NO_COLOR", "").isEmpty()
                || environment.getOrDefault("TERM", "dumb").equals("dumb");
        return environment.getOrDefault("BULWARK_TERMINAL_OUT", "0").equals("1") && !unwanted ? Paint.ANSI : Paint.PLAIN;
    }
}

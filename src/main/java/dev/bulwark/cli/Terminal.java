package dev.bulwark.cli;

import dev.bulwark.report.Paint;
import java.util.Map;

/** Whether people are watching; the launcher knows, the JVM only whether standard input and output are terminals both. */
final class Terminal {

    private static final int DEFAULT_COLUMNS = 80;
    private static final int LEAST_COLUMNS = 20;

    /** Narrower, picocli refuses to write help. */
    private static final int LEAST_HELP_COLUMNS = 55;

    private Terminal() {
    }

    static boolean onError() {
        String told = System.getenv("BULWARK_TERMINAL");
        return told == null ? System.console() != null : told.equals("1");
    }

    /** Width of the terminal, where the launcher found one; 80 where nothing is known of it. */
    static int columns(Map<String, String> environment) {
        try {
            int columns = Integer.parseInt(environment.getOrDefault("BULWARK_COLUMNS", ""));
            return columns >= LEAST_COLUMNS ? columns : DEFAULT_COLUMNS;
        } catch (NumberFormatException e) {
            return DEFAULT_COLUMNS;
        }
    }

    /** Width to wrap help at. */
    static int helpColumns(Map<String, String> environment) {
        return Math.max(LEAST_HELP_COLUMNS, columns(environment));
    }

    /** Width to print results in: the terminal's, or no bound where standard output goes elsewhere. */
    static int resultColumns(Map<String, String> environment) {
        return environment.getOrDefault("BULWARK_TERMINAL_OUT", "0").equals("1") ? columns(environment) : Integer.MAX_VALUE;
    }

    /** Colours where the launcher found a terminal on standard output, unless NO_COLOR is set or the terminal has none. */
    static Paint paint(Map<String, String> environment) {
        boolean unwanted = !environment.getOrDefault("NO_COLOR", "").isEmpty()
                || environment.getOrDefault("TERM", "dumb").equals("dumb");
        return environment.getOrDefault("BULWARK_TERMINAL_OUT", "0").equals("1") && !unwanted ? Paint.ANSI : Paint.PLAIN;
    }
}

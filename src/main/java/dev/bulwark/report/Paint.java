package dev.bulwark.report;

/** How text for a terminal is set off, if at all. */
public enum Paint {

    PLAIN("", "", "", ""),
    /** ANSI escape sequences, in the terminal's own colours. */
    ANSI("\033[1m", "\033[2m", "\033[31m", "\033[0m");

    private final String bold;
    private final String dim;
    private final String red;
    private final String end;

    Paint(String bold, String dim, String red, String end) {
        this.bold = bold;
        this.dim = dim;
        this.red = red;
        this.end = end;
    }

    String strong(String text) {
        return bold + text + end;
    }

    String faint(String text) {
        return dim + text + end;
    }

    String alarm(String text) {
        return red + text + end;
    }
}

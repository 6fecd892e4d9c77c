package dev.bulwark.cli;

/** Whether people are watching; the launcher knows, the JVM only whether standard input and output are terminals both. */
final class Terminal {

    private Terminal() {
    }

    static boolean onError() {
        String told = System.getenv("BULWARK_TERMINAL");
        return told == null ? System.console() != null : told.equals("1");
    }
}

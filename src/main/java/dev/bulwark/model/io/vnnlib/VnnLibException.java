package dev.bulwark.model.io.vnnlib;

import java.util.Locale;

/** A property that can't be taken. The message is one line, which names the file's line but not the file. */
public final class VnnLibException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private static final int LONGEST_QUOTE = 60;

    private VnnLibException(String message) {
        super(message);
    }

    /** @param line of the file, from 1 */
    static VnnLibException at(int line, String format, Object... values) {
        return new VnnLibException("line " + line + ": " + String.format(Locale.ROOT, format, values));
    }

    static VnnLibException of(String format, Object... values) {
        return new VnnLibException(String.format(Locale.ROOT, format, values));
    }

    /** A part of the file, to be shown in a message. */
    static String quote(String text) {
        return "\"" + (text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...") + "\"";
    }
}

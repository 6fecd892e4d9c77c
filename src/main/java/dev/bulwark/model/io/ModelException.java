package dev.bulwark.model.io;

import java.nio.file.Path;
import java.util.Locale;

/** A model file that can't be read or written as one. The message is one line that names the file and what is wrong. */
public final class ModelException extends RuntimeException {

    private static final int LONGEST = 300;

    private ModelException(String message) {
        super(message);
    }

    /** What is wrong may quote the file: it is cut to a line, and what could steer a terminal becomes {@code ?}. */
    static ModelException in(Path file, String format, Object... values) {
        String what = String.format(Locale.ROOT, format, values);
        String line = what.length() <= LONGEST ? what : what.substring(0, LONGEST) + " ...";
        return new ModelException(file + ": " + line.replaceAll("[^ -~]", "?"));
    }
}

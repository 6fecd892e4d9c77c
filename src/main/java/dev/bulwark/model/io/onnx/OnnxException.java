package dev.bulwark.model.io.onnx;

import java.util.Locale;

/** A model that can't be taken, or a graph that can't be written. The message is one line without the file's name. */
public final class OnnxException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private static final int LONGEST_NAME = 60;

    private OnnxException(String message) {
        super(message);
    }

    static OnnxException of(String format, Object... values) {
        return new OnnxException(String.format(Locale.ROOT, format, values));
    }

    /** A name out of a file: printable, and of a long one the end, which says more than the beginning. */
    static String name(String name) {
        String line = name.replaceAll("[^ -~]", "?");
        return line.length() <= LONGEST_NAME ? line : "..." + line.substring(line.length() - LONGEST_NAME);
    }
}

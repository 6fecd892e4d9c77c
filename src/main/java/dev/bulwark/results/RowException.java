package dev.bulwark.results;

import java.nio.file.Path;

/** A file of rows that can't be used as it is: the message is one line that names the file, and the line if there is one. */
public final class RowException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public RowException(Path file, String problem) {
        super(file + ": " + oneLine(problem));
    }

    public RowException(Path file, int line, String problem) {
        super(file + ", line " + line + ": " + oneLine(problem));
    }

    /** Problems quote what files hold. */
    private static String oneLine(String problem) {
        return problem.replaceAll("\\p{Cntrl}+", " ");
    }
}

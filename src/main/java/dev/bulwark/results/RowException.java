package dev.bulwark.results;

import dev.bulwark.settings.Message;
import java.nio.file.Path;

/** A file of rows that can't be used as it is: the message is one line that names the file, and the line if there is one. */
public final class RowException extends RuntimeException implements Message.Carrier {

    private static final long serialVersionUID = 1L;

    private final transient Message explanation;

    public RowException(Path file, String problem) {
        this(Message.of(file, ": ", oneLine(problem)));
    }

    public RowException(Path file, Message problem) {
        this(Message.of(file, ": ", problem));
    }

    public RowException(Path file, int line, String problem) {
        this(Message.of(file, ", line ", line, ": ", oneLine(problem)));
    }

    private RowException(Message explanation) {
        super(explanation.toString());
        this.explanation = explanation;
    }

    @Override
    public Message explanation() {
        return explanation == null ? Message.of(getMessage()) : explanation; // null after it was read from a stream
    }

    /** Problems quote what files hold. */
    private static String oneLine(String problem) {
        return problem.replaceAll("\\p{Cntrl}+", " ");
    }
}

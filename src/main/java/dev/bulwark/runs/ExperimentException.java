package dev.bulwark.runs;

import dev.bulwark.settings.Message;

/** A run can't start as it was asked for; the message is one line that says what to do. */
public final class ExperimentException extends RuntimeException implements Message.Carrier {

    private static final long serialVersionUID = 1L;

    private final transient Message explanation;

    /** @param parts of the message, as {@link Message#of} takes them */
    public ExperimentException(Object... parts) {
        this(Message.of(parts));
    }

    public ExperimentException(Message explanation) {
        super(explanation.toString());
        this.explanation = explanation;
    }

    @Override
    public Message explanation() {
        return explanation == null ? Message.of(getMessage()) : explanation; // null after it was read from a stream
    }
}

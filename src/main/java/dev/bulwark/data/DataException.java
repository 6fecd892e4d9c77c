package dev.bulwark.data;

import dev.bulwark.settings.Message;

/** Data that can't be used. The message is one line that names the file, what is wrong, and both values. */
public final class DataException extends RuntimeException implements Message.Carrier {

    private final transient Message explanation;

    public DataException(String message) {
        this(Message.of(message));
    }

    public DataException(Message explanation) {
        super(explanation.toString());
        this.explanation = explanation;
    }

    public DataException(String message, Throwable cause) {
        super(message, cause);
        this.explanation = Message.of(message);
    }

    @Override
    public Message explanation() {
        return explanation == null ? Message.of(getMessage()) : explanation; // null after it was read from a stream
    }
}

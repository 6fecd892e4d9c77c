package dev.bulwark.runs;

/** A run can't start as it was asked for; the message is one line that says what to do. */
public final class ExperimentException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ExperimentException(String message) {
        super(message);
    }
}

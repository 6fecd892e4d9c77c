package dev.bulwark.training;

/** A checkpoint can't be read, or belongs to another run; the message is one line that says which. */
public final class CheckpointException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CheckpointException(String message) {
        super(message);
    }

    CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}

package dev.bulwark.data;

/** Data that can't be used. The message is one line that names the file, what is wrong, and both values. */
public final class DataException extends RuntimeException {

    public DataException(String message) {
        super(message);
    }

    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}

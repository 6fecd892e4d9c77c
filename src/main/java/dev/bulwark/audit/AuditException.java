package dev.bulwark.audit;

/** A network or a file of certificates that can't be read; one line. */
public final class AuditException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public AuditException(String message) {
        super(message);
    }
}

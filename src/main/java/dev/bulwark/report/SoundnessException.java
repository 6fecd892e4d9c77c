package dev.bulwark.report;

/** A certificate is contradicted by a counterexample: a bug in this program, never a result. */
public final class SoundnessException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    SoundnessException(String message) {
        super(message);
    }
}

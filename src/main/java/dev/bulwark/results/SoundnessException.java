package dev.bulwark.results;

/** A certificate is contradicted by a counterexample: a bug in this program, never a result. */
public final class SoundnessException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public SoundnessException(String message) {
        super(message);
    }
}

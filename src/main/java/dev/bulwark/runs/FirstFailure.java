package dev.bulwark.runs;

import java.io.IOException;

/** What went wrong among several threads: the first failure is the one to report, later ones are attached to it. */
final class FirstFailure {

    private Throwable first;

    synchronized void add(Throwable failure) {
        if (first == null) {
            first = failure;
        } else if (first != failure) {
            first.addSuppressed(failure);
        }
    }

    synchronized boolean happened() {
        return first != null;
    }

    /** Throws the first failure as it was, if there was one; for when all threads have ended. */
    synchronized void rethrow() throws IOException {
        if (first instanceof IOException e) {
            throw e;
        }
        if (first instanceof RuntimeException e) {
            throw e;
        }
        if (first instanceof Error e) {
            throw e;
        }
    }
}

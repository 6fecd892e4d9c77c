package dev.bulwark.archsamples.cli;

/** Exits, and isn't {@code Main}. */
public final class Sample {
    void stop() {
        System.exit(0);
    }
}

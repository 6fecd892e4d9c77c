package dev.bulwark.archsamples.api;

/** The door looks up at runs. */
public final class Sample {
    dev.bulwark.archsamples.runs.Sample above;
}

package dev.bulwark.archsamples.api;

/** The library's API depends on runs, which are above it. */
public final class Sample {
    dev.bulwark.archsamples.runs.Sample above;
}

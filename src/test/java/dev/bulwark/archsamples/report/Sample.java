package dev.bulwark.archsamples.report;

/** Looks up at runs. */
public final class Sample {
    dev.bulwark.archsamples.runs.Sample above;
}

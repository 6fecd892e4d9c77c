package dev.bulwark.archsamples.results;

/** Looks up at reports. */
public final class Sample {
    dev.bulwark.archsamples.report.Sample above;
}

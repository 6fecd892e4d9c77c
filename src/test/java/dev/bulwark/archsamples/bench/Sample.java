package dev.bulwark.archsamples.bench;

/** Looks sideways at reports. */
public final class Sample {
    dev.bulwark.archsamples.report.Sample beside;
}

package dev.bulwark.archsamples.bench;

/** Depends on reports, a package of its own layer. */
public final class Sample {
    dev.bulwark.archsamples.report.Sample beside;
}

package dev.bulwark.archsamples.report;

/** Depends on the lab report, which is above it, and on measurements beside it, and runs a network. */
public final class Sample {
    dev.bulwark.archsamples.lab.Sample above;
    dev.bulwark.archsamples.bench.Sample beside;
    dev.bulwark.archsamples.model.Sample network;
}

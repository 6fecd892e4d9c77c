package dev.bulwark.archsamples.report;

/** Looks up at the lab report and sideways at measurements, and runs a network. */
public final class Sample {
    dev.bulwark.archsamples.lab.Sample above;
    dev.bulwark.archsamples.bench.Sample beside;
    dev.bulwark.archsamples.model.Sample network;
}

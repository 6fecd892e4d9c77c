package dev.bulwark.archsamples.bench;

/** Looks up at the lab report. */
public final class Sample {
    dev.bulwark.archsamples.lab.Sample above;
}

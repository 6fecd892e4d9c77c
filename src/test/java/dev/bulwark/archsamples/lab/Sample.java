package dev.bulwark.archsamples.lab;

/** Depends on the command line, which is above it. */
public final class Sample {
    dev.bulwark.archsamples.cli.Sample above;
}

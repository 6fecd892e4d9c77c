package dev.bulwark.archsamples.lab;

/** Looks up at the command line. */
public final class Sample {
    dev.bulwark.archsamples.cli.Sample above;
}

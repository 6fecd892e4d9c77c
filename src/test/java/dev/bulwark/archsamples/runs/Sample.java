package dev.bulwark.archsamples.runs;

/** Depends on the command line and on measurements, which are above it, and uses the command line's libraries. */
public final class Sample {
    dev.bulwark.archsamples.cli.Sample above;
    dev.bulwark.archsamples.bench.Sample measurements;
    picocli.CommandLine parser;
    me.tongfei.progressbar.ProgressBar bar;
}

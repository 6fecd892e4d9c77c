package dev.bulwark.archsamples.runs;

/** Looks up at the command line and at measurements, and uses the command line's libraries. */
public final class Sample {
    dev.bulwark.archsamples.cli.Sample above;
    dev.bulwark.archsamples.bench.Sample measurements;
    picocli.CommandLine parser;
    me.tongfei.progressbar.ProgressBar bar;
}

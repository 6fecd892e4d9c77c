package dev.bulwark.archsamples.experiment;

/** Looks up at the command line and uses its libraries. */
public final class Sample {
    dev.bulwark.archsamples.cli.Sample above;
    picocli.CommandLine parser;
    me.tongfei.progressbar.ProgressBar bar;
}

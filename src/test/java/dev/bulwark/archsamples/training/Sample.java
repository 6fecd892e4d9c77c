package dev.bulwark.archsamples.training;

/** Depends on reports, which are above it and close a cycle with {@code smoothing}'s sample, and draws a figure. */
public final class Sample {
    dev.bulwark.archsamples.report.Sample above;
    dev.bulwark.archsamples.smoothing.Sample below;
    org.knowm.xchart.XYChart figure;
}

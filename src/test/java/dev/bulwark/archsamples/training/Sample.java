package dev.bulwark.archsamples.training;

/** Looks up at reports, which makes a cycle with {@code smoothing}'s sample too, and draws a figure. */
public final class Sample {
    dev.bulwark.archsamples.report.Sample above;
    dev.bulwark.archsamples.smoothing.Sample below;
    org.knowm.xchart.XYChart figure;
}

package dev.bulwark.archsamples.plan;

/** Depends on bounds, which is above it, and does its own statistics. */
public final class Sample {
    dev.bulwark.archsamples.bounds.Sample above;
    org.apache.commons.math3.distribution.BetaDistribution beta;
}

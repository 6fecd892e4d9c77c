package dev.bulwark.archsamples.bounds;

/** Looks sideways. */
public final class Sample {
    dev.bulwark.archsamples.smoothing.Sample beside;
}

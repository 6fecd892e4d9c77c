package dev.bulwark.archsamples.bounds;

/** Depends on a package of its own layer. */
public final class Sample {
    dev.bulwark.archsamples.smoothing.Sample beside;
}

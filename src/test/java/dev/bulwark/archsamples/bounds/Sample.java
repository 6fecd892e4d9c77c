package dev.bulwark.archsamples.bounds;

/** Depends on a package of its own layer, and on what is to check it. */
public final class Sample {
    dev.bulwark.archsamples.smoothing.Sample beside;
    dev.bulwark.archsamples.audit.Sample checker;
}

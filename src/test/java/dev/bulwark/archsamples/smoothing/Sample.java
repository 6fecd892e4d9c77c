package dev.bulwark.archsamples.smoothing;

/** Depends on training, which is above it and depends on it. */
public final class Sample {
    dev.bulwark.archsamples.training.Sample above;
}

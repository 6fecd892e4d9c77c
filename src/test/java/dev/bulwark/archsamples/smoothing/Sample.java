package dev.bulwark.archsamples.smoothing;

/** Looks up at training, which looks back. */
public final class Sample {
    dev.bulwark.archsamples.training.Sample above;
}

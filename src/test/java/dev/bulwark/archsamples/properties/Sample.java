package dev.bulwark.archsamples.properties;

/** Looks sideways at training. */
public final class Sample {
    dev.bulwark.archsamples.training.Sample beside;
}

package dev.bulwark.archsamples.model.io.vnnlib;

/** Knows of networks. */
public final class Sample {
    dev.bulwark.archsamples.model.Sample network;
}

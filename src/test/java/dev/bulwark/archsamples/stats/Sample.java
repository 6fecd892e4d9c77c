package dev.bulwark.archsamples.stats;

/** Depends on data, which is above it, and on a device, which it must not know. */
public final class Sample {
    dev.bulwark.archsamples.data.Sample above;
    dev.bulwark.archsamples.device.Sample below;
}

package dev.bulwark.archsamples.settings;

/** Depends on a device, which is above it. */
public final class Sample {
    dev.bulwark.archsamples.device.Sample above;
}

package dev.bulwark.archsamples.shapes;

/** Depends on a device, which is above it. */
public final class Sample {
    dev.bulwark.archsamples.device.Sample above;
}

package dev.bulwark.archsamples.shapes;

/** Looks up at a device. */
public final class Sample {
    dev.bulwark.archsamples.device.Sample above;
}

package dev.bulwark.archsamples.settings;

/** Looks up at the device. */
public final class Sample {
    dev.bulwark.archsamples.device.Sample above;
}

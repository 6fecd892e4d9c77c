package dev.bulwark.archsamples.stats;

/** Looks up at data, and down at the device that it should not know. */
public final class Sample {
    dev.bulwark.archsamples.data.Sample above;
    dev.bulwark.archsamples.device.Sample below;
}

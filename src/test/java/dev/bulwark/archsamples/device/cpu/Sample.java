package dev.bulwark.archsamples.device.cpu;

/** A backend that others use directly. */
public final class Sample {
}

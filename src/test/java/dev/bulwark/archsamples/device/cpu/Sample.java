package dev.bulwark.archsamples.device.cpu;

/** A backend for others to see. */
public final class Sample {
}

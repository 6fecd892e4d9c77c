package dev.bulwark.archsamples.device.cuda;

/** A backend for others to see. */
public final class Sample {
}

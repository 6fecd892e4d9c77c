package dev.bulwark.archsamples.device.cuda;

/** A backend that others use directly. */
public final class Sample {
}

package dev.bulwark.archsamples.util;

/** A package that the layout doesn't have. */
public final class Sample {
}

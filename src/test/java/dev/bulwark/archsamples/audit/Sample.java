package dev.bulwark.archsamples.audit;

/** Depends on a model, as what it is to check does. */
public final class Sample {
    dev.bulwark.archsamples.model.Sample above;
}

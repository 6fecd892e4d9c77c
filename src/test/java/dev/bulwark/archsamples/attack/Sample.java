package dev.bulwark.archsamples.attack;

import java.util.Random;

/** Depends on a package of its own layer, and keeps a generator. */
public final class Sample {
    dev.bulwark.archsamples.bounds.Sample beside;

    float start() {
        return new Random(1).nextFloat();
    }
}

package dev.bulwark.archsamples.data;

/** Depends on networks, which are above it, chooses a backend, and draws from a generator that was not passed in. */
public final class Sample {
    dev.bulwark.archsamples.model.Sample above;
    dev.bulwark.archsamples.device.cpu.Sample cpu;
    dev.bulwark.archsamples.device.cuda.Sample cuda;

    double noise() {
        return Math.random();
    }
}

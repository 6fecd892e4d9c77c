package dev.bulwark.archsamples.data;

/** Looks up at networks, chooses a backend, and draws from a generator that nobody passed in. */
public final class Sample {
    dev.bulwark.archsamples.model.Sample above;
    dev.bulwark.archsamples.device.cpu.Sample cpu;
    dev.bulwark.archsamples.device.cuda.Sample cuda;

    double noise() {
        return Math.random();
    }
}

package dev.bulwark.device.cpu;

import java.util.function.Supplier;

/**
 * Makes lanes of one network.
 *
 * @param lane   makes one; whoever asks closes it
 * @param shared closes what all lanes use, after them
 */
record Lanes(Supplier<ForwardLane> lane, Runnable shared) implements AutoCloseable {

    ForwardLane open() {
        return lane.get();
    }

    @Override
    public void close() {
        shared.run();
    }
}

package dev.bulwark.attack;

import dev.bulwark.device.Backend;
import java.util.Optional;

/** A search's iteration for a number of rows, recorded, until it is asked for another one. */
final class Iteration implements AutoCloseable {

    private final Backend backend;
    private Optional<Recorded> recorded = Optional.empty();

    private record Recorded(Object what, int rows, Backend.Replay replay) {
    }

    Iteration(Backend backend) {
        this.backend = backend;
    }

    /**
     * Runs an iteration several times.
     *
     * @param what equal for iterations that are the same but for their number of rows
     */
    void run(Object what, int rows, int times, Runnable iteration) {
        if (recorded.isEmpty() || recorded.get().rows != rows || !recorded.get().what.equals(what)) {
            close();
            recorded = Optional.of(new Recorded(what, rows, backend.record(iteration)));
        }
        for (int k = 0; k < times; ++k) {
            recorded.get().replay.run();
        }
    }

    @Override
    public void close() {
        recorded.ifPresent(each -> each.replay.close());
        recorded = Optional.empty();
    }
}

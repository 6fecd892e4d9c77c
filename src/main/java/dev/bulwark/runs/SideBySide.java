package dev.bulwark.runs;

import dev.bulwark.device.Backend;
import dev.bulwark.device.OutOfDeviceMemoryException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Pieces of work that need a device each but do not fill one: several at a time, every device's own backend and its
 * siblings working in threads of their own. A piece's results do not depend on what runs beside it.
 */
final class SideBySide implements AutoCloseable {

    /** One piece of work on one of the backends. */
    interface Work<T> {
        void on(Backend backend, T piece) throws IOException;
    }

    private final List<Backend> backends;
    /** Those that are not the fleet's, last first. */
    private final Deque<Backend> siblings = new ArrayDeque<>();

    /**
     * Takes the fleet's backends, and then siblings of each in turn for as long as there are any.
     *
     * @param most pieces of work that there will be
     */
    SideBySide(Fleet fleet, int most) {
        List<Backend> own = fleet.backends();
        backends = new ArrayList<>(own.subList(0, Math.min(most, own.size())));
        try {
            for (int next = 0; backends.size() < most; ++next) {
                Optional<Backend> sibling = own.get(next % own.size()).sibling();
                if (sibling.isEmpty()) {
                    break;
                }
                siblings.push(sibling.get());
                backends.add(sibling.get());
            }
        } catch (OutOfDeviceMemoryException e) {
            // The existing ones are used: fewer pieces at a time.
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Pieces that run at a time. */
    int width() {
        return backends.size();
    }

    /**
     * Does all pieces, as many at a time as there are backends. After a failure none is begun any more, those under way
     * are finished, and the first failure is thrown at the end.
     */
    <T> void run(List<T> pieces, Work<T> work) throws IOException {
        if (width() == 1) {
            for (T piece : pieces) {
                work.on(backends.get(0), piece);
            }
            return;
        }
        Queue<T> left = new ConcurrentLinkedQueue<>(pieces);
        FirstFailure failure = new FirstFailure();
        Threads.run(backends.stream().map(backend -> new Thread(() -> {
            try {
                for (T piece = left.poll(); piece != null && !failure.happened(); piece = left.poll()) {
                    work.on(backend, piece);
                }
            } catch (Throwable e) {
                failure.add(e);
            }
        }, backend.info().name())).toList(), () -> failure.add(new ExperimentException("interrupted")));
        failure.rethrow();
    }

    /** Closes the siblings; the fleet closes its own. */
    @Override
    public void close() {
        while (!siblings.isEmpty()) {
            siblings.pop().close();
        }
    }
}
